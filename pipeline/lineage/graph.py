"""What an artifact was made of, and what was made of it.

>>> from pipeline.lineage import Store
>>> graph = Store.open("metadata.db").graph(12)  # doctest: +SKIP
>>> [execution.name for execution in graph.ancestors(12)]  # doctest: +SKIP
['ImportExampleGen', 'Transform', 'Trainer']
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from pipeline.lineage.records import Artifact, Event, Execution


class Source(Protocol):
    """What a graph is read from: a store."""

    def events(self, *, executions: Iterable[int] = (), artifacts: Iterable[int] = ()) -> list[Event]:
        """Returns the events of some executions and those of some artifacts."""

    def executions_of(self, ids: Iterable[int]) -> list[Execution]:
        """Returns the executions with some ids."""

    def artifacts_of(self, ids: Iterable[int]) -> list[Artifact]:
        """Returns the artifacts with some ids."""


class Links:
    """Who made, who read what: events by their two ends.

    A cached execution puts out what an earlier one has made; only the first one to put an artifact out is its maker.

    Args:
        events: The events.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._read: Mapping[int, list[Event]] = defaultdict(list)
        self._put_out: Mapping[int, list[Event]] = defaultdict(list)
        self._users: Mapping[int, set[int]] = defaultdict(set)
        self._maker: dict[int, int] = {}
        for event in dict.fromkeys(events):
            if event.kind == "input":
                self._read[event.execution].append(event)
                self._users[event.artifact].add(event.execution)
            elif event.kind == "output":
                self._put_out[event.execution].append(event)
                earlier = self._maker.get(event.artifact, event.execution)
                self._maker[event.artifact] = min(earlier, event.execution)

    def maker(self, artifact: int) -> int | None:
        """Returns the execution that made an artifact; None where it was given."""
        return self._maker.get(artifact)

    def users(self, artifact: int) -> list[int]:
        """Returns the executions that have read an artifact, in order."""
        return sorted(self._users.get(artifact, ()))

    def inputs(self, execution: int) -> list[Event]:
        """Returns what an execution has read."""
        return self._read.get(execution, [])

    def outputs(self, execution: int) -> list[Event]:
        """Returns what an execution has put out, also where it took it from an earlier one."""
        return self._put_out.get(execution, [])

    def made(self, execution: int) -> list[Event]:
        """Returns what an execution has made itself."""
        return [event for event in self.outputs(execution) if self._maker[event.artifact] == execution]


class Graph:
    """The artifacts and executions around some artifacts.

    Args:
        links: Their events.
        executions: The executions.
        artifacts: The artifacts.
    """

    def __init__(self, links: Links, executions: Iterable[Execution], artifacts: Iterable[Artifact]) -> None:
        self.links = links
        self.executions = {execution.id: execution for execution in executions}
        self.artifacts = {artifact.id: artifact for artifact in artifacts}

    @classmethod
    def around(cls, store: Source, *artifacts: int) -> "Graph":
        """Reads all ancestors and all descendants of artifacts: some queries for each generation of them.

        Args:
            store: The store.
            *artifacts: The ids of the artifacts.
        """
        events = [*_upwards(store, artifacts), *_downwards(store, artifacts)]
        links = Links(events)
        makers = (links.maker(event.artifact) for event in events)
        users = (event.execution for event in events if event.kind == "input")
        executions = store.executions_of({*users, *(maker for maker in makers if maker is not None)})
        return cls(links, executions, store.artifacts_of({*artifacts, *(event.artifact for event in events)}))

    def maker(self, artifact: int) -> Execution | None:
        """Returns the execution that made an artifact; None where it was given."""
        found = self.links.maker(artifact)
        return None if found is None else self.executions[found]

    def users(self, artifact: int) -> list[Execution]:
        """Returns the executions that have read an artifact, in order."""
        return [self.executions[number] for number in self.links.users(artifact)]

    def inputs(self, execution: int) -> list[Event]:
        """Returns what an execution has read."""
        return self.links.inputs(execution)

    def outputs(self, execution: int) -> list[Event]:
        """Returns what an execution has made; not what a cached one has taken from an earlier one."""
        return self.links.made(execution)

    def ancestors(self, artifact: int) -> list[Execution]:
        """Returns the executions that an artifact comes from, the first one first."""
        found = _reached(
            artifact,
            lambda one: [maker for maker in (self.links.maker(one),) if maker is not None],
            lambda execution: [event.artifact for event in self.inputs(execution)],
        )
        return [self.executions[number] for number in sorted(found)]

    def descendants(self, artifact: int) -> list[Artifact]:
        """Returns what was made of an artifact, in the order of its making."""
        executions = _reached(
            artifact, self.links.users, lambda execution: [event.artifact for event in self.outputs(execution)]
        )
        made = {event.artifact for execution in executions for event in self.outputs(execution)}
        return [self.artifacts[number] for number in sorted(made)]


def _upwards(store: Source, artifacts: Iterable[int]) -> list[Event]:
    """Returns the events of making and reading above artifacts, without those that took from a cache."""
    found: list[Event] = []
    seen, frontier, executions = {*artifacts}, {*artifacts}, set[int]()
    while frontier:
        made = [event for event in store.events(artifacts=frontier) if event.kind == "output"]
        links = Links(made)
        new = {maker for one in frontier if (maker := links.maker(one)) is not None}
        read = [event for event in store.events(executions=new - executions) if event.kind == "input"]
        executions |= new
        found += [*(event for event in made if event.execution in new), *read]
        frontier = {event.artifact for event in read} - seen
        seen |= frontier
    return found


def _downwards(store: Source, artifacts: Iterable[int]) -> list[Event]:
    """Returns the events of reading and making below artifacts, and who else has put out what was made."""
    found: list[Event] = []
    seen, frontier, executions = {*artifacts}, {*artifacts}, set[int]()
    while frontier:
        of_them = store.events(artifacts=frontier)
        new = {event.execution for event in of_them if event.kind == "input"} - executions
        executions |= new
        of_users = store.events(executions=new)
        found += [*of_them, *of_users]
        frontier = {event.artifact for event in of_users if event.kind == "output"} - seen
        seen |= frontier
    return found


def _reached(artifact: int, to: Callable[[int], Iterable[int]], onwards: Callable[[int], Iterable[int]]) -> set[int]:
    seen, executions, frontier = {artifact}, set[int](), [artifact]
    while frontier:
        new = {execution for one in frontier for execution in to(one)} - executions
        executions |= new
        frontier = sorted({one for execution in new for one in onwards(execution)} - seen)
        seen |= set(frontier)
    return executions
