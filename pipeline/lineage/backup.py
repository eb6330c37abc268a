"""A copy of a metadata store that is in use."""

import contextlib
import os
import sqlite3
from pathlib import Path

from components.errors import UsageError
from pipeline.lineage.connection import SQLITE, Location
from pipeline.lineage.database import Database, open_sqlite

_TOOLS = {"mysql": "mysqldump --single-transaction", "postgresql": "pg_dump"}


def backup(location: Location, file: Path) -> int:
    """Copies a store as it is at one moment, whoever writes to it meanwhile; writes beside the file, then renames.

    Args:
        location: The store, an SQLite file.
        file: The copy; one that is there is replaced.

    Returns:
        Its size in bytes.

    Raises:
        UsageError: The store is on a server, the file is the store itself, or it cannot be a file.
    """
    if location.kind != SQLITE:
        raise UsageError(
            "A backup copies an SQLite file.", received=str(location), fix=f"Use `{_TOOLS[location.kind]}`."
        )
    if file.is_dir() or not file.parent.is_dir():
        raise UsageError("The copy must be a file in a folder that exists.", received=str(file))
    if file.exists() and file.samefile(location.path):
        raise UsageError("The copy must be another file than the store.", received=str(file))
    Database(location).close()
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        _copy(location, beside)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return file.stat().st_size


def _copy(location: Location, beside: Path) -> None:
    with contextlib.closing(open_sqlite(location)) as source, contextlib.closing(sqlite3.connect(beside)) as copy:
        # In one step: a store that somebody writes to would otherwise be copied from the start again and again.
        source.backup(copy, pages=-1)
    handle = os.open(beside, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
