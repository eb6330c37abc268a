"""Files on any file system that `tf.io.gfile` knows: by pattern, or in a folder for each class."""

import logging
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

import tensorflow as tf

from components.errors import DataRefused, UsageError

_log = logging.getLogger(__name__)


def matching(patterns: str | Iterable[str]) -> tuple[str, ...]:
    """Returns the files that match any of the patterns, or are one of them, sorted, each once.

    Raises:
        DataRefused: There is none for one of the patterns.
    """
    found: set[str] = set()
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        # The name of a file may hold brackets.
        matches = [str(pattern)] if tf.io.gfile.exists(str(pattern)) else tf.io.gfile.glob(str(pattern))
        files = [file for file in matches if not tf.io.gfile.isdir(file)]
        if not files:
            raise DataRefused("A pattern must match files.", received=str(pattern))
        found.update(files)
    return tuple(sorted(found))


def size(files: Iterable[str]) -> int:
    """Returns the bytes of all files."""
    return sum(tf.io.gfile.stat(file).length for file in files)


@dataclass(frozen=True)
class ClassFolder:
    """The files of a folder that has a folder for each class.

    Args:
        files: Paths, by class and name.
        labels: The class id of each.
        classes: The names of the classes in the order of their ids, which is that of the alphabet.
    """

    files: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]


def by_class(folder: str, suffixes: Iterable[str]) -> ClassFolder:
    """Lists a folder of classes, at any depth below each; other files are counted in the log and left alone.

    Args:
        folder: The folder.
        suffixes: How the names of files end, in lower case.

    Raises:
        UsageError: There is no such folder.
        DataRefused: It has fewer than two classes, or one without files.
    """
    if not tf.io.gfile.isdir(folder):
        raise UsageError("The folder of classes must exist.", received=folder)
    names = sorted(name.rstrip("/") for name in tf.io.gfile.listdir(folder))
    classes = [name for name in names if tf.io.gfile.isdir(posixpath.join(folder, name)) and not name.startswith(".")]
    if len(classes) < 2:
        raise DataRefused(
            "There must be a folder for each of two classes or more.",
            received=f"{', '.join(classes) or 'none'} in {folder}",
        )
    files: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        found = _below(posixpath.join(folder, name), tuple(suffixes))
        if not found:
            raise DataRefused(
                "Every class must have files.",
                received=f"none in {posixpath.join(folder, name)}",
                fix=f"Known endings: {', '.join(suffixes)}.",
            )
        files += found
        labels += [label] * len(found)
    return ClassFolder(tuple(files), tuple(labels), tuple(classes))


def _below(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    everything = [posixpath.join(where, name) for where, _, names in tf.io.gfile.walk(folder) for name in names]
    found = sorted(file for file in everything if file.lower().endswith(suffixes))
    if len(found) < len(everything):
        _log.info("%s files in %s end otherwise and are no part of the data", len(everything) - len(found), folder)
    return found
