"""The worker as an operating system process that cannot outlive the one that watches it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pipeline
from components.progress import EVENTS_VARIABLE
from pipeline.runner.request import EVENTS_FILE, LOG_FILE, TEMPORARY_FOLDER

# Gets the run's folder as its argument.
WORKER = (sys.executable, "-m", "pipeline.runner.worker")

# Defaults, so that a person can still ask for more: without them a run logs thousands of lines about nothing.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "1", "GRPC_VERBOSITY": "ERROR"}

# The guard leads the process group. Its `read` ends when the watcher's end of the pipe closes, also when the watcher is
# killed, and then it kills the group: a thread of the worker could not while native code holds the interpreter's lock.
GUARD = ("/bin/sh", "-c", "trap '' INT TERM HUP; read -r _; kill -s KILL 0")


class WorkerProcess:
    """A worker in its own process group, so that Ctrl-C in the terminal reaches only the watcher.

    Args:
        command: The program and its arguments.
        folder: The run's folder; the worker's output goes to its log, and `SLIPWAY_EVENTS` names its event file.

    Use it as a context manager: at the end nothing of the group is left.
    """

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = command
        self._folder = folder

    def __enter__(self) -> Self:
        temporary = self._folder / TEMPORARY_FOLDER
        temporary.mkdir(exist_ok=True)
        self._guard = subprocess.Popen(GUARD, stdin=subprocess.PIPE, process_group=0)
        try:
            with (self._folder / LOG_FILE).open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=_environment(self._folder, temporary),
                    process_group=self._guard.pid,
                )
        except BaseException:
            self._end_group()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end_group()
        self._process.wait()
        shutil.rmtree(self._folder / TEMPORARY_FOLDER, ignore_errors=True)

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> None:
        """Returns when the worker has ended, at the latest after some seconds."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def interrupt(self) -> None:
        """Asks the group to end in order."""
        os.killpg(self._guard.pid, signal.SIGINT)

    def kill(self) -> None:
        """Ends the group at once."""
        os.killpg(self._guard.pid, signal.SIGKILL)

    def _end_group(self) -> None:
        self.kill()
        self._guard.communicate()


def _environment(folder: Path, temporary: Path) -> dict[str, str]:
    root = str(Path(pipeline.__file__).resolve().parents[1])
    search = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    return {
        **QUIET,
        **os.environ,
        "PYTHONPATH": search,
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        "TMPDIR": str(temporary.absolute()),
        EVENTS_VARIABLE: str(folder / EVENTS_FILE),
    }
