"""One run at a time of a task in a home."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from components.errors import UsageError
from pipeline.home import Home


@contextmanager
def only_run(home: Home, task: str, run_id: str) -> Iterator[str | None]:
    """Holds a task of a home for a run. The lock is the kernel's: it goes with its process, however that ends.

    The lock's file names its holder, and is emptied by one that comes to its end.

    Args:
        home: The home.
        task: The task's name.
        run_id: The run.

    Yields:
        The run that held it last and was killed; None if the last one came to its end.

    Raises:
        UsageError: Another run holds it.
    """
    with (home.runs / f".{task}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UsageError(
                "A task runs once at a time in a home.",
                received=f"{task} in home={home.root}, where {file.read() or 'another run'} is going on",
                fix="Wait for its end, or name another folder with --home DIR.",
            ) from None
        file.seek(0)
        unfinished = file.read() or None
        _replace(file, run_id)
        yield unfinished
        _replace(file, "")


def _replace(file: TextIO, content: str) -> None:
    file.truncate(0)
    file.write(content)
    file.flush()
