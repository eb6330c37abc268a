"""One run at a time of a task in a home."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from components.errors import UsageError
from pipeline.home import Home


@contextmanager
def only_run(home: Home, task: str, run_id: str) -> Iterator[list[str]]:
    """Holds a task of a home for a run. The lock is the kernel's: it goes with its process, however that ends.

    The lock's file names its holder last, and is emptied by one that comes to its end: whoever is killed while it
    tidies up after others leaves their names too.

    Args:
        home: The home.
        task: The task's name.
        run_id: The run.

    Yields:
        The runs that held it and were killed since the last one that came to its end.

    Raises:
        UsageError: Another run holds it.
    """
    with _file(home, task).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = next(reversed(_names(file)), "another run")
            raise UsageError(
                "A task runs once at a time in a home.",
                received=f"{task} in home={home.root}, where {holder} is going on",
                fix="Wait for its end, or name another folder with --home DIR.",
            ) from None
        unfinished = _names(file)
        file.write(f"{run_id}\n")
        file.flush()
        yield unfinished
        file.truncate(0)


def is_clean(home: Home, task: str) -> bool:
    """Returns whether the last run of a task came to its end, and none is going on."""
    file = _file(home, task)
    return not file.exists() or file.stat().st_size == 0


def _file(home: Home, task: str) -> Path:
    return home.runs / f".{task}.lock"


def _names(file: TextIO) -> list[str]:
    file.seek(0)
    return file.read().split()
