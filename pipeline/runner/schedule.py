"""Which nodes may start: a run's order as a value that changes with every node that ends.

>>> schedule = Schedule({"a": frozenset(), "b": frozenset({"a"}), "c": frozenset({"a"})})
>>> schedule.ready
['a']
>>> schedule.started("a").ended("a", good=True).ready
['b', 'c']
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Schedule:
    """What of a DAG has run.

    Args:
        upstream: Node to the nodes that it waits for, in the order in which nodes start.
        running: The nodes that have started and not ended.
        good: The nodes that ended well.
        bad: The nodes that failed.
        skipped: The nodes that cannot run, as something that they wait for did not end well.
    """

    upstream: Mapping[str, frozenset[str]]
    running: frozenset[str] = field(default=frozenset())
    good: frozenset[str] = field(default=frozenset())
    bad: frozenset[str] = field(default=frozenset())
    skipped: frozenset[str] = field(default=frozenset())

    @property
    def ready(self) -> list[str]:
        """The nodes that may start now."""
        over = self.running | self.good | self.bad | self.skipped
        return [node for node, waits in self.upstream.items() if node not in over and waits <= self.good]

    def started(self, node: str) -> "Schedule":
        """Returns the schedule after a node's start."""
        return replace(self, running=self.running | {node})

    def ended(self, node: str, good: bool) -> "Schedule":
        """Returns the schedule after a node's end; what waits for one that failed is skipped."""
        running = self.running - {node}
        if good:
            return replace(self, running=running, good=self.good | {node})
        return replace(self, running=running, bad=self.bad | {node}, skipped=self.skipped | self._after(node))

    def closed(self) -> "Schedule":
        """Returns the schedule in which nothing starts any more: what has not started is skipped."""
        over = self.running | self.good | self.bad
        return replace(self, skipped=frozenset(self.upstream) - over)

    def _after(self, failed: str) -> set[str]:
        """Returns all that waits for a node, directly or not."""
        lost, grew = {failed}, True
        while grew:
            more = {node for node, waits in self.upstream.items() if waits & lost} - lost
            grew = bool(more)
            lost |= more
        return lost - {failed}
