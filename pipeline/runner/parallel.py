"""Runs the nodes of a DAG several at a time, each in a process of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components import progress
from components.errors import DataRefused, SlipwayError
from pipeline.config import NodeConfig
from pipeline.runner import failure
from pipeline.runner.child import Child, Limits, wait_any
from pipeline.runner.failure import Interrupted
from pipeline.runner.interrupts import Interrupts
from pipeline.runner.request import log_file
from pipeline.runner.schedule import Schedule
from pipeline.runner.state import CACHED, COMPLETE, FAILED, INTERRUPTED, SKIPPED

Work = Callable[[str, int], dict[str, Any]]


@dataclass
class Ended:
    """How the nodes of a run ended.

    Args:
        told: What the process of each node that ended well returned.
        errors: What those that did not have raised, the first one first.
        interrupted: Whether the run was told to stop.
    """

    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, SlipwayError] = field(default_factory=dict)
    interrupted: bool = False


class Parallel:
    """Starts each node as soon as all that it waits for has ended well.

    A node that fails, however it does, fails alone: what waits for it is skipped, the others go on. Refused data end
    the run: nothing that is computed from them is of use, so what runs is stopped, and nothing else starts.

    Args:
        upstream: Node to the nodes that it waits for, in the order in which nodes start.
        work: Runs a node, given the number of the attempt, in its own process; returns JSON with `cached`.
        folder: The run's folder, for the logs of the nodes.
        jobs: How many run at the same time at most.
        nodes: Limits and retries by node.
    """

    def __init__(
        self,
        upstream: Mapping[str, frozenset[str]],
        work: Work,
        folder: Path,
        jobs: int,
        nodes: Mapping[str, NodeConfig],
    ) -> None:
        self._schedule = Schedule(upstream)
        self._work, self._folder, self._jobs, self._nodes = work, folder, jobs, nodes
        self._children: dict[str, Child] = {}
        self._attempts: dict[str, int] = {}
        self._ended = Ended()

    def run(self) -> Ended:
        """Runs all of them. A first SIGINT or SIGTERM lets those end that have started, and starts no other."""
        with Interrupts() as interrupts:
            while True:
                for node in [] if interrupts.count else self._schedule.ready[: self._jobs - len(self._children)]:
                    progress.emit("node_started", node=node)
                    self._schedule = self._schedule.started(node)
                    self._start(node)
                if not self._children:
                    break
                wait_any(list(self._children.values()), 0.2)
                for node in [node for node, child in self._children.items() if child.ended()]:
                    self._end(node, self._children.pop(node), stopping=interrupts.count > 0)
            self._ended.interrupted = interrupts.count > 0
        return self._ended

    def _start(self, node: str) -> None:
        config = self._nodes.get(node, NodeConfig())
        attempt = self._attempts[node] = self._attempts.get(node, 0) + 1
        limits = Limits(config.timeout_s, config.memory_mib)
        self._children[node] = Child(node, lambda: self._work(node, attempt), log_file(self._folder, node), limits)

    def _end(self, node: str, child: Child, stopping: bool) -> None:
        seconds = child.seconds
        try:
            told = child.result()
        except SlipwayError as error:
            if failure.can_pass(error) and not stopping and self._tried_again(node, error):
                return
            self._failed(node, error, seconds, child.peak_mib)
        else:
            self._ended.told[node] = told
            self._schedule = self._schedule.ended(node, good=True)
            _finished(node, CACHED if told["cached"] else COMPLETE, seconds, child.peak_mib)

    def _tried_again(self, node: str, error: SlipwayError) -> bool:
        attempts = 1 + self._nodes.get(node, NodeConfig()).retries
        if self._attempts[node] >= attempts:
            return False
        number = self._attempts[node] + 1
        progress.emit("notice", message=f"{node} is tried again, attempt {number} of {attempts}. {error}")
        self._start(node)
        return True

    def _failed(self, node: str, error: SlipwayError, seconds: float, peak_mib: int) -> None:
        before = self._schedule.skipped
        self._schedule = self._schedule.ended(node, good=False)
        self._ended.errors[node] = error
        state = INTERRUPTED if error.exit_code == Interrupted.exit_code else FAILED
        _finished(node, state, seconds, peak_mib, str(error))
        if error.exit_code == DataRefused.exit_code:
            self._schedule = self._schedule.closed()
            for child in self._children.values():
                child.stop()
        for skipped in sorted(self._schedule.skipped - before):
            progress.emit("node_finished", node=skipped, state=SKIPPED, seconds=None, message=f"{node} {state}")


def _finished(node: str, state: str, seconds: float, peak_mib: int, message: str | None = None) -> None:
    progress.emit("node_finished", node=node, state=state, seconds=seconds, peak_mib=peak_mib, message=message)
