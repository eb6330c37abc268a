"""One run at a time in a home: ML Metadata on SQLite has room for one writer and may abort the process of a second."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from components.errors import UsageError
from pipeline.home import Home

LOCK_FILE = ".lock"


@contextmanager
def only_run(home: Home) -> Iterator[None]:
    """Holds the home for a run. The lock is the kernel's: it goes with the process that holds it, however that ends.

    Raises:
        UsageError: Another run holds it.
    """
    with (home.runs / LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                "A home takes one run at a time.",
                received=f"home={home.root}, where another run is going on",
                fix="Wait for its end, or name another folder with --home DIR.",
            ) from None
        yield
