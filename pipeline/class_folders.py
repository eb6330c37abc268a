"""A folder with a sub-folder of files for each class: finding the files, and reading those that can be read."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from components import progress
from components.errors import DataRefused, UsageError

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"})
AUDIO = frozenset({".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3"})
BROKEN_SHARE = 0.05
"""Up to this share, files that cannot be read are named and left out; more of them are refused."""

ContentT = TypeVar("ContentT")

_log = logging.getLogger(__name__)


class ClassFile(NamedTuple):
    """A file of a class.

    Args:
        path: The file.
        class_name: The name of its class, which is that of the folder.
    """

    path: Path
    class_name: str


def find(root: str | Path, suffixes: Collection[str], classes: Iterable[str]) -> list[ClassFile]:
    """Returns the files of some classes by name, those too that lie deeper in the folder of a class.

    Args:
        root: The folder with a folder for each class.
        suffixes: How the names of the files end, in lower case.
        classes: The classes.

    Raises:
        UsageError: A class has no file.
    """
    root = Path(root).expanduser()
    found = {name: [ClassFile(path, name) for path in _files(root / name, suffixes)] for name in classes}
    for name, files in found.items():
        if not files:
            raise UsageError(
                "Every class must have a folder with files.",
                received=f"none in {root / name}",
                fix="Set the folder in data.params.",
            )
    return [file for files in found.values() for file in files]


def classes(root: Path, suffixes: Collection[str]) -> list[str]:
    """Returns the names of the folders below `root` in which there are such files, sorted."""
    return sorted(
        folder.name
        for folder in root.iterdir()
        if folder.is_dir() and not folder.name.startswith(".") and any(_files(folder, suffixes))
    )


def _files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())


def readable(
    files: Iterable[ClassFile], read: Callable[[Path], ContentT], broken: list[str] | None = None
) -> Iterator[tuple[ClassFile, ContentT]]:
    """Yields each file that can be read with what was read.

    Args:
        files: The files.
        read: Reads one; a ValueError or an OSError says what is wrong with it.
        broken: Is filled with a line about each file that cannot be read.

    Raises:
        DataRefused: More than a twentieth of the files cannot be read.
    """
    broken = [] if broken is None else broken
    count = 0
    for file in files:
        count += 1
        try:
            yield file, read(file.path)
        except (OSError, ValueError) as error:
            broken.append(f"{file.path}: {error}")
    if broken:
        _report(broken, count)


def _report(broken: list[str], files: int) -> None:
    message = f"{len(broken):,} of {files:,} files cannot be read, the first one is {broken[0]}"
    if len(broken) > BROKEN_SHARE * files:
        raise DataRefused(
            f"At most {BROKEN_SHARE:.0%} of the files may be unreadable.", received=message, fix="Take them away."
        )
    for line in broken:
        _log.info("Left out: %s", line)
    progress.emit("notice", message=f"{message}: left out.")
