"""What the watching sides of a run and of a comparison have in common: the worker under a display, and its end."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pipeline.runner import log
from pipeline.runner.display import Display
from pipeline.runner.events import append, event
from pipeline.runner.request import EVENTS_FILE, LOG_FILE, log_file
from pipeline.runner.state import FAILED, RunState
from pipeline.runner.supervise import supervise
from pipeline.terminal import print_error


class Request(Protocol):
    """What a worker is asked for.

    Attributes:
        run_id: The name of what it does.
        task: The task's name.
    """

    @property
    def run_id(self) -> str: ...

    @property
    def task(self) -> str: ...

    def write(self, folder: Path) -> None:
        """Makes a folder with the request, an empty event file and an empty log."""


def watched(request: Request, folder: Path, worker: Sequence[str], display: Display) -> RunState:
    """Writes a request, runs the worker on it under a display, and returns how it ended.

    Args:
        request: What the worker is asked for.
        folder: The folder of the request.
        worker: The worker's command, which gets the folder as its last argument.
        display: Shows it.
    """
    request.write(folder)
    append(folder / EVENTS_FILE, event("launched", run_id=request.run_id, task=request.task))
    with display:
        return supervise([*worker, str(folder)], folder, display.show)


def log_of(state: RunState, folder: Path) -> Path:
    """Returns the log to look into: that of the node that failed first, where one has."""
    failed = (log_file(folder, node.id) for node in state.nodes.values() if node.state == FAILED)
    return next((file for file in failed if file.exists()), folder / LOG_FILE)


def failed(state: RunState, message: str, folder: Path, debug: bool) -> int:
    """Says on standard error why a worker failed, and returns the exit code.

    Args:
        state: How it ended.
        message: What is said where the worker has said nothing.
        folder: The folder of its logs.
        debug: Whether the traceback is printed.
    """
    print_error(state.message or message, log.last_traceback(log_of(state, folder)) if debug else None)
    return state.exit_code or 1
