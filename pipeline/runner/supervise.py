"""Watches one worker from its start to its end: follows its events, passes interrupts on, explains a sudden death."""

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import reduce
from pathlib import Path
from typing import Any

from components.errors import ComponentFailed
from pipeline.runner import log
from pipeline.runner.events import EventFile, append, event
from pipeline.runner.interrupts import Interrupts
from pipeline.runner.request import EVENTS_FILE, LOG_FILE
from pipeline.runner.state import Event, RunState, apply
from pipeline.runner.worker_process import WorkerProcess

Watcher = Callable[[RunState, Sequence[Event], bool], None]

INTERRUPTED = 130
INTERRUPTED_MESSAGE = "The run was interrupted. Run again to go on."


def supervise(
    command: Sequence[str], folder: Path, watch: Watcher, *, interval: float = 0.1, patience: float = 30.0
) -> RunState:
    """Runs a worker and returns how it ended.

    A first SIGINT, SIGTERM or SIGHUP asks the worker to end in order, a second one kills it. Whatever happens to this
    process, the worker does not outlive it.

    Args:
        command: The worker's command, complete.
        folder: The run's folder, as `RunRequest.write` makes it, with its `launched` event.
        watch: Called at every step with the state, the new events, and whether the worker was asked to end.
        interval: Seconds between two steps.
        patience: Seconds for an end in order, after an interrupt or after the worker's last event, before it is killed.

    Returns:
        The final state. It always has an outcome, also when the worker died without one.
    """
    events = EventFile(folder / EVENTS_FILE)
    state = RunState()
    with Interrupts() as interrupts, WorkerProcess(command, folder) as worker:
        ending = Ending(worker, interrupts, patience)
        while True:
            # Asked before the events are read: what the worker wrote last is then not lost.
            ended = worker.returncode is not None
            fresh = events.new()
            state = reduce(apply, fresh, state)
            watch(state, fresh, interrupts.count > 0)
            if ended:
                break
            ending.step(finished=state.outcome is not None)
            worker.wait(interval)
    if state.outcome is None:
        end = _end(folder, state, worker.returncode or 0, interrupted=interrupts.count > 0)
        # The disk may be what the worker died of.
        with suppress(OSError):
            append(folder / EVENTS_FILE, end)
        state = apply(state, end)
        watch(state, [end], False)
    return state


class Ending:
    """Brings the worker to its end: asks first, kills when asked again or when it takes too long.

    Args:
        worker: The worker.
        interrupts: The requests to stop.
        patience: Seconds between asking and killing.
    """

    def __init__(self, worker: WorkerProcess, interrupts: Interrupts, patience: float) -> None:
        self._worker = worker
        self._interrupts = interrupts
        self._patience = patience
        self._asked = False
        self._deadline: float | None = None

    def step(self, finished: bool) -> None:
        """Does what is due now.

        Args:
            finished: Whether the worker has told its outcome, so that only its process has yet to end.
        """
        if self._interrupts.count and not self._asked:
            self._asked = True
            self._worker.interrupt()
        if self._deadline is None and (self._asked or finished):
            self._deadline = time.monotonic() + self._patience
        if self._interrupts.count > 1 or (self._deadline is not None and time.monotonic() > self._deadline):
            self._worker.kill()


def _end(folder: Path, state: RunState, returncode: int, interrupted: bool) -> dict[str, Any]:
    """Returns the last event, which the worker did not live to write."""
    if interrupted:
        return event("run_finished", outcome="interrupted", exit_code=INTERRUPTED, message=INTERRUPTED_MESSAGE)
    error = _death(returncode, state, folder / LOG_FILE)
    return event("run_finished", outcome="failed", exit_code=error.exit_code, message=str(error))


def _death(returncode: int, state: RunState, log_file: Path) -> ComponentFailed:
    how = signal.Signals(-returncode).name if returncode < 0 else f"exit code {returncode}"
    where = f" in {' and '.join(node.id for node in state.running)}" if state.running else ""
    last = log.last_line(log_file)
    return ComponentFailed(
        "The worker must end with a result.",
        received=f"{how}{where}" + (f" after the log line `{last.rstrip('.')}`" if last else ""),
        fix="The kernel sends SIGKILL when memory runs out." if returncode == -signal.SIGKILL else f"See {log_file}.",
    )
