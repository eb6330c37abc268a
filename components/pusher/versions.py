"""The versions of a served model: `<folder>/<number>/`, as TensorFlow Serving reads them. No TensorFlow here.

A version appears by a rename, after all of it is on the disk, and goes by one. Whoever lists the folder finds whole
versions only, whenever a writer is killed; what such a writer has left is removed by the next one.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

NOTE_FILE = Path("assets.extra", "rollback.json")
ROLLED_BACK_TO = "rolled_back_to"

_UNFINISHED = ".unfinished-"


def numbers(folder: Path) -> list[int]:
    """Returns the versions that are there, the newest, which servers answer with, last."""
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal() and path.is_dir())


def publish(source: Path, folder: Path, keep: int | None = None, rolled_back_to: int | None = None) -> Path:
    """Copies a model as the newest version.

    Args:
        source: The folder of a SavedModel.
        folder: Where the versions are; made where there is none.
        keep: How many versions stay, at least one; None keeps all.
        rolled_back_to: The version that this is a copy of; noted in the copy, for `origin`.

    Returns:
        The folder of the version. Its number is the time in seconds, or where that would not make it the highest, as
        when a clock has gone back, the next free one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _only_writer(folder):
        _remove_unfinished(folder)
        beside = folder / f"{_UNFINISHED}{uuid.uuid4().hex}"
        try:
            shutil.copytree(source, beside)
            if rolled_back_to is not None:
                _note(beside, rolled_back_to)
            _sync(beside)
            path = folder / str(max([int(time.time()), *(number + 1 for number in numbers(folder))]))
            beside.rename(path)
        except OSError:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        _sync_folder(folder)
        for number in numbers(folder)[:-keep] if keep else []:
            _remove(folder / str(number))
        return path


def origin(folder: Path, number: int) -> int:
    """Returns the version whose model this one holds: itself, unless it was made by going back."""
    note = folder / str(number) / NOTE_FILE
    return int(json.loads(note.read_text())[ROLLED_BACK_TO]) if note.exists() else number


@contextlib.contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Waits until nobody else writes. The lock is the kernel's: it goes with its process, however that ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _remove_unfinished(folder: Path) -> None:
    for path in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path)


def _remove(version: Path) -> None:
    gone = version.with_name(f"{_UNFINISHED}{version.name}")
    version.rename(gone)
    shutil.rmtree(gone)


def _note(version: Path, rolled_back_to: int) -> None:
    path = version / NOTE_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({ROLLED_BACK_TO: rolled_back_to}) + "\n")


def _sync(folder: Path) -> None:
    """Waits until all of a folder is on the disk."""
    for parent, _, files in os.walk(folder):
        for name in files:
            with Path(parent, name).open("rb") as file:
                os.fsync(file.fileno())
        _sync_folder(Path(parent))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
