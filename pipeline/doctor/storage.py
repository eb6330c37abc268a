"""Whether SQLite can lock files in a directory, and who holds a lock on a store."""

import fcntl
import os
import struct
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

# SQLite's file format: locks are taken on bytes from here, whatever the size of the file.
# https://www.sqlite.org/src/file?name=src/os.h (PENDING_BYTE, RESERVED_BYTE, SHARED_FIRST, SHARED_SIZE)
_LOCK_BYTES = (0x4000_0000, 512)
NO_SQLITE = "this Python was built without SQLite"
_HEADER = b"SQLite format 3\0"
_FLOCK = "hhqqi0q"


def try_lock(folder: Path) -> str | None:
    """Makes a database in the folder, takes an exclusive lock on it, writes, and removes it.

    Returns:
        What SQLite said when that failed; None when it worked.
    """
    try:
        import sqlite3
    except ImportError:
        return NO_SQLITE
    try:
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=".doctor-") as scratch,
            closing(sqlite3.connect(Path(scratch, "lock.db"), timeout=1.0, isolation_level=None)) as database,
        ):
            for statement in ("BEGIN EXCLUSIVE", "CREATE TABLE scratch (value INTEGER)", "COMMIT"):
                database.execute(statement)
    except (sqlite3.Error, OSError) as error:
        return str(error)
    return None


def writer_of(database: Path, patience: float = 0.5) -> int | None:
    """Returns the process that keeps an SQLite file locked for writing.

    The file is neither written to nor locked. Not for a process that has the file open: closing it here would drop that
    process's own locks.

    Args:
        database: The file.
        patience: Seconds for which a lock is nothing unusual: every writer holds one for a moment.

    Returns:
        Its process id, 0 where the kernel does not tell (the process is in another container or on another machine),
        None when nobody holds it.
    """
    deadline = time.monotonic() + patience
    with database.open("rb") as file:
        while (holder := _holder(file.fileno())) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
    return holder


def is_sqlite(database: Path) -> bool:
    """Returns whether a file begins like an SQLite database; an empty file is one."""
    with database.open("rb") as file:
        return file.read(len(_HEADER)) in (_HEADER, b"")


def _holder(descriptor: int) -> int | None:
    """Asks which lock would stand in the way of a reader's: only a writer's does."""
    if sys.platform != "linux":  # Elsewhere the structure has another layout.
        return None
    question = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, *_LOCK_BYTES, 0)
    kind, _, _, _, process = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    return None if kind == fcntl.F_UNLCK else max(process, 0)
