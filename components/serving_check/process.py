"""The clean process, seen from outside: started early, asked once, waited for however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from components.serving_check import clean_process, leash

LOG = "log.txt"

_LAST_LINES = 3


@dataclass(frozen=True)
class Answers:
    """What a process has said until its end.

    Args:
        events: Its lines; see `clean_process`.
        end: Why it ended before it was done; "" where it was done.
    """

    events: Sequence[dict[str, Any]] = field(default_factory=list)
    end: str = ""

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Returns the events of a kind."""
        return [event for event in self.events if event["event"] == kind]


def command(*words: str) -> list[str]:
    """Returns a command that ends with this process."""
    return [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *words]


class CleanProcess:
    """Starts a process that imports TensorFlow and waits for questions. Ends it at the end of a `with` block.

    Args:
        folder: Where it works: an empty folder of its own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with (folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(
                command(sys.executable, "-I", "-S", clean_process.__file__, *_site_packages()),
                cwd=folder,
                # Nothing of this process's: neither its PYTHONPATH nor its flags of TensorFlow. No GPU, which others
                # compute on now, and which rounds otherwise.
                env={"PATH": os.defpath, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def ask(self, questions: dict[str, Any], timeout: float) -> Answers:
        """Asks, and returns the answers once there are no more to come.

        Args:
            questions: See `clean_process`.
            timeout: Seconds after which the process is killed.
        """
        (self._folder / clean_process.QUESTIONS).write_text(json.dumps(questions))
        end = ""
        start = time.monotonic()
        try:
            self._process.communicate(b"\n", timeout=timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            end = f"no end after {time.monotonic() - start:.0f} s"
        events = self._events()
        done = events and events[-1]["event"] == "done"
        return Answers(events, "" if done else end or self._why())

    def _events(self) -> list[dict[str, Any]]:
        path = self._folder / clean_process.ANSWERS
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        # The last line of a process that was killed may be half of one.
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def _why(self) -> str:
        code = self._process.returncode
        if code >= 0:
            return f"it ended with code {code}: {self._last_words()}"
        name = signal.Signals(-code).name
        hint = ", as the system does when memory runs out" if -code == signal.SIGKILL else ""
        return f"it was ended by {name}{hint}"

    def _last_words(self) -> str:
        lines = (self._folder / LOG).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _site_packages() -> list[str]:
    """Returns where packages are installed. Not the project, which a file there may add to the path."""
    return [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
