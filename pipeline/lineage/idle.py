"""Keeps runs out of a home while something is done to all of it."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from components.errors import UsageError
from pipeline.home import Home


@contextlib.contextmanager
def idle(home: Home) -> Iterator[None]:
    """Holds every task of a home that has ever run; the locks are those of its runs.

    Raises:
        UsageError: A run goes on.
    """
    with contextlib.ExitStack() as held:
        for path in sorted(home.runs.glob(".*.lock")):
            _hold(held, path, home)
        yield


def _hold(held: contextlib.ExitStack, path: Path, home: Home) -> None:
    file = held.enter_context(path.open("a"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            "Nothing is removed while a run goes on.",
            received=f"{path.name.strip('.').removesuffix('.lock')} in home={home.root}",
            fix="Wait for its end.",
        ) from None
