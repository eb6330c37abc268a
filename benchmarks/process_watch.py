"""Processor time and memory of the processes that a command starts, read from /proc while it runs.

>>> tree = psutil.Process()
>>> usage = usage_of(tree)
>>> usage.resident_mib >= usage.private_mib > 0
True
"""

import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_TICK = 0.2


@dataclass(frozen=True)
class Usage:
    """What one process has taken, read at one moment.

    Args:
        time: When, in seconds since 1970.
        cpu_seconds: Its processor time so far.
        resident_mib: The most that was resident so far, as the kernel counts it: pages shared with others included.
        private_mib: What only this process has now: what its end would give back.
    """

    time: float
    cpu_seconds: float
    resident_mib: float
    private_mib: float


def usage_of(process: psutil.Process) -> Usage:
    """Returns what a process has taken.

    Raises:
        psutil.NoSuchProcess: It has ended.
    """
    try:
        files = [Path(f"/proc/{process.pid}/{name}").read_text() for name in ("status", "smaps_rollup")]
    except OSError:
        raise psutil.NoSuchProcess(process.pid) from None
    status, rollup = (dict(line.split(":", 1) for line in text.splitlines() if ":" in line) for text in files)
    cpu = process.cpu_times()
    private = _mib(rollup["Private_Clean"]) + _mib(rollup["Private_Dirty"])
    return Usage(time.time(), cpu.user + cpu.system, _mib(status["VmHWM"]), private)


def _mib(text: str) -> float:
    return int(text.split(maxsplit=1)[0]) / 1024


class Watch:
    """Reads the usage of the grandchildren of a command five times a second, and of all that is below them.

    A context manager; `samples` is whole at its end.

    Args:
        process: The command, which starts a worker, which starts a process for each node.

    Attributes:
        samples: By process, in the order of time.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.samples: dict[int, list[Usage]] = {}
        self._process = psutil.Process(process.pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_TICK):
            try:
                workers = self._process.children()
                nodes = [node for worker in workers for node in worker.children(recursive=True)]
            except psutil.Error:
                continue
            for node in nodes:
                try:
                    self.samples.setdefault(node.pid, []).append(usage_of(node))
                except psutil.Error:
                    continue
