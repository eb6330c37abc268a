"""Work in a process of its own that shares this one's imports: forked, with its own log, limits and end.

Forking is safe here because the parent only imports: it runs no TensorFlow operation, opens no gRPC channel and no
store, and starts no thread. What threads there are after the imports of TFX 1.21 belong to OpenBLAS and to the jemalloc
inside Arrow, which both take care of forks. `tests/pipeline/runner/test_warm.py` watches over that.
"""

import io
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psutil

from components.errors import ComponentFailed, SlipwayError
from components.progress import NODE_VARIABLE
from pipeline.runner import failure, log

_MIB = 1 << 20
_STOPPING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Limits:
    """What a child may take.

    Args:
        seconds: Wall clock; None is no limit.
        memory_mib: Private memory beyond what it shares with its parent; None is no limit.
    """

    seconds: float | None = None
    memory_mib: int | None = None


class Child:
    """A function that runs in a forked process.

    Args:
        name: What it is, for errors and for the events that it sends.
        work: The function; what it returns must be JSON.
        log_file: Where its standard output and error are appended.
        limits: What it may take.
    """

    def __init__(self, name: str, work: Callable[[], Any], log_file: Path, limits: Limits = Limits()) -> None:
        self.name = name
        self._log, self._limits = log_file, limits
        self._result, sender = multiprocessing.Pipe(duplex=False)
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_main, args=(name, work, log_file, limits, sender), name=name)
        sys.stdout.flush()
        sys.stderr.flush()
        self._started = time.monotonic()
        # Until the child has handlers of its own a signal waits.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # So that the end of the child is the end of the pipe.
        sender.close()
        self._peak = 0
        self._late = False

    @property
    def pid(self) -> int:
        """The process."""
        return int(self._process.pid or 0)

    @property
    def pipe(self) -> Connection:
        """Where its result comes out, and nothing at its end."""
        return self._result

    @property
    def peak_mib(self) -> int:
        """The most memory that it was seen with, shared pages included."""
        return self._peak // _MIB

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self._started

    def watch(self) -> None:
        """Notes its memory, and kills it if it has taken longer than it may."""
        with suppress(psutil.Error):
            self._peak = max(self._peak, psutil.Process(self.pid).memory_info().rss)
        if self._limits.seconds is not None and self.seconds > self._limits.seconds and not self._late:
            self._late = True
            self.kill()

    def kill(self) -> None:
        """Ends it and all that it has started, at once."""
        with suppress(psutil.NoSuchProcess):
            tree = psutil.Process(self.pid).children(recursive=True)
            self._process.kill()
            for process in tree:
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    def stop(self) -> None:
        """Asks it to stop; it then raises Interrupted, and ends when it has closed what it has open."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def ended(self) -> bool:
        """Returns whether it has come to its end."""
        return self._result.poll()

    def finish(self) -> Any:
        """Watches it to its end and returns its result.

        Raises:
            SlipwayError: As `result`.
        """
        while not self.ended():
            wait_any([self], 0.5)
        return self.result()

    def result(self) -> Any:
        """Returns what the function returned; waits for it.

        Raises:
            SlipwayError: What the function raised, or the reason of the process's sudden death; `can_pass` says whether
                another attempt may end better.
        """
        answer = self._receive()
        self._process.join()
        code = self._process.exitcode or 0
        self._process.close()
        if answer is None:
            raise self._death(code)
        if "error" in answer:
            raise _error(answer["error"])
        return answer["value"]

    def _receive(self) -> Any:
        try:
            return json.loads(self._result.recv_bytes())
        except EOFError:
            return None
        finally:
            self._result.close()

    def _death(self, code: int) -> SlipwayError:
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        if self._late:
            how = f"no end after {self._limits.seconds:g} s"
        last = log.last_line(self._log)
        after = f", after the log line `{last.rstrip('.')}`" if last else ""
        error = ComponentFailed(
            f"{self.name} must end with a result.",
            received=f"{how}, {self.peak_mib} MiB of memory at most{after}",
            fix=self._advice(code),
        )
        return failure.marked(error, can_pass=True)

    def _advice(self, code: int) -> str:
        if self._late:
            return f"runner.nodes.{self.name}.timeout_s is its limit."
        if code == -signal.SIGKILL:
            return "The kernel sends SIGKILL when memory runs out."
        return f"See {self._log}."


def wait_any(children: Sequence[Child], seconds: float) -> None:
    """Returns when one of some children has ended, at the latest after some seconds; watches over all of them."""
    wait([child.pipe for child in children], seconds)
    for child in children:
        child.watch()


def run(name: str, work: Callable[[], Any], log_file: Path) -> Any:
    """Runs a function in a child and returns its result.

    Raises:
        SlipwayError: As `Child.result`. A signal that asks to stop is the child's: it raises what it then raises.
    """
    return Child(name, work, log_file).finish()


def _main(name: str, work: Callable[[], Any], log_file: Path, limits: Limits, sender: Connection) -> None:
    """Runs in the child. It leaves without Python's clean-up, which would wait for threads of libraries."""
    status = 1
    try:
        for number in _STOPPING:
            signal.signal(number, failure.interrupt)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        os.environ[NODE_VARIABLE] = name
        _log_to(log_file)
        _limit_memory(limits.memory_mib)
        _send(sender, work)
        status = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _send(sender: Connection, work: Callable[[], Any]) -> None:
    try:
        answer = {"value": work()}
    except Exception as error:  # noqa: BLE001 (whatever it was, the parent must hear of it)
        traceback.print_exc()
        known = failure.as_error(error, os.environ[NODE_VARIABLE])
        answer = {
            "error": {"message": str(known), "exit_code": known.exit_code, "can_pass": failure.can_pass(error)},
        }
    sender.send_bytes(json.dumps(answer).encode())
    sender.close()


def _log_to(log_file: Path) -> None:
    log_file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, "w", closefd=False), line_buffering=True) for number in (1, 2)
    )


def _limit_memory(memory_mib: int | None) -> None:
    """Limits private memory, which is what a leak takes; of address space alone TensorFlow reserves a lot."""
    if memory_mib is None:
        return
    taken = psutil.Process().memory_info()
    limit = taken.data + memory_mib * _MIB
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _error(told: dict[str, Any]) -> SlipwayError:
    error = SlipwayError(told["message"])
    error.exit_code = told["exit_code"]
    return failure.marked(error, told["can_pass"])
