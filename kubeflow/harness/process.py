"""The process of a step: the command as the pod would run it, seeing no more of the environment than it needs."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from kubeflow.step.executor_input import ROOT_VARIABLE
from pipeline.kubeflow_code import PROJECT

Starter = Callable[[list[str], Path, Path], int]
"""Runs a command with the folder that stands for the pod's root; its output goes to a file. Returns the exit code."""

_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


def environment(root: Path) -> dict[str, str]:
    """Returns all that a step sees: where the launcher's files are, and neither credentials nor a store's address."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {ROOT_VARIABLE: str(root), "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "2"}


class Processes:
    """Starts commands on this machine, in the project's folder and with this interpreter; a `Starter`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: list[subprocess.Popen[bytes]] = []
        self._stopped = False

    def __call__(self, command: list[str], root: Path, log: Path) -> int:
        process = self.open(command, root, log)
        try:
            return process.wait()
        finally:
            self._running.remove(process)

    def open(self, command: list[str], root: Path, log: Path) -> "subprocess.Popen[bytes]":
        """Starts a command and returns its process."""
        program = [sys.executable, *command[1:]] if command[0] == "python" else command
        with self._lock, log.open("w") as file:
            process = subprocess.Popen(
                program, cwd=PROJECT, env=environment(root), stdout=file, stderr=subprocess.STDOUT
            )
            self._running.append(process)
            if self._stopped:
                process.terminate()
        return process

    def stop(self) -> None:
        """Tells whatever runs, or is started from now on, to end."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()
