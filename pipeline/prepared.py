"""The TFRecords that a task writes for itself: sharded and gzipped, there as a whole or not at all, written once."""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from components.errors import ComponentFailed, UsageError
from pipeline import class_names
from pipeline.manifest import MANIFEST

_FORMAT = 1
_SHARD = re.compile(r".+-\d{5}-of-\d{5}\.tfrecord\.gz")
_BESIDE = ".writing-"

Examples = Iterable[tuple[str, bytes]]


def check_counts(least: int = 1, **values: Any) -> None:
    """Raises a UsageError unless all values, which are named by their keywords, are whole numbers of at least `least`.

    Example:
        >>> check_counts(rows=3, shards=2)
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise UsageError(f"`{name}` must be a whole number of at least {least}.", received=f"{name}={value!r}")


def file_digest(path: str | Path) -> str:
    """Returns the SHA-256 of a file's content, read in pieces."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_once(
    folder: str | Path,
    examples: Callable[[], Examples],
    *,
    shards: Mapping[str, int],
    key: Mapping[str, Any],
    classes: Iterable[str] = (),
) -> dict[str, int]:
    """Writes `<split>-00000-of-0000N.tfrecord.gz` files, unless the folder holds them already.

    The files are written beside and renamed, and a manifest with their sizes comes last: a folder without it, or with a
    file of another size, is written anew. Files of an earlier preparation are removed, whatever else is there stays.

    Args:
        folder: Where to; made if it does not exist.
        examples: Called when there is something to write; returns (split, serialized tf.train.Example) in a fixed
            order.
        shards: Files per split. Rows are dealt to them in turn.
        key: What the rows are made of, as JSON values: digests of the source and of the code, parameters. Another key
            means another preparation.
        classes: Names of the classes in the order of the labels, for `classes.txt`; empty writes none.

    Returns:
        Rows per split.

    Raises:
        ComponentFailed: The disk is full or the folder cannot be written. Nothing half-written is left, and an earlier
            preparation is still whole.
    """
    folder = Path(folder)
    head = {"format": _FORMAT, "shards": dict(shards), "key": dict(key)}
    manifest = _intact(folder, head)
    if manifest is None:
        with _disk_errors(folder):
            manifest = _prepare(folder, examples(), head)
    if classes:
        class_names.write(folder, classes)
    return cast(dict[str, int], manifest["rows"])


def _intact(folder: Path, head: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the manifest if it is of this preparation and its files are there."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        whole = all((folder / name).stat().st_size == size for name, size in manifest["files"].items())
        return manifest if whole and all(manifest[name] == value for name, value in head.items()) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _prepare(folder: Path, examples: Examples, head: dict[str, Any]) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_BESIDE}*"):  # By a process that was killed.
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_BESIDE, dir=folder) as name:
        beside = Path(name)
        rows = _write(beside, examples, head["shards"])
        files = {file.name: file.stat().st_size for file in sorted(beside.iterdir())}
        manifest = {**head, "rows": rows, "files": files}
        (beside / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        _remove_earlier(folder)
        for written in (*files, MANIFEST):
            (beside / written).replace(folder / written)
    return manifest


def _write(folder: Path, examples: Examples, shards: Mapping[str, int]) -> dict[str, int]:
    import tensorflow as tf

    rows = dict.fromkeys(shards, 0)
    with contextlib.ExitStack() as stack:
        writers = {
            split: [
                stack.enter_context(tf.io.TFRecordWriter(str(folder / _name(split, shard, count)), "GZIP"))
                for shard in range(count)
            ]
            for split, count in shards.items()
        }
        for split, record in examples:
            writers[split][rows[split] % shards[split]].write(record)
            rows[split] += 1
    return rows


def _name(split: str, shard: int, count: int) -> str:
    return f"{split}-{shard:05d}-of-{count:05d}.tfrecord.gz"


def _remove_earlier(folder: Path) -> None:
    """Removes an earlier preparation, its manifest first so that an interruption leaves none that looks whole."""
    (folder / MANIFEST).unlink(missing_ok=True)
    for file in folder.iterdir():
        if _SHARD.fullmatch(file.name):
            file.unlink()


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Turns a full or read-only disk into one line; by then everything half-written is gone again."""
    try:
        yield
    except PermissionError as error:
        rule = "The folder of the TFRecords must be writable."
        raise ComponentFailed(rule, received=f"{folder}: {error.strerror}") from error
    except Exception as error:
        # TensorFlow's writer has an error class of its own, without an errno.
        if getattr(error, "errno", None) != errno.ENOSPC and os.strerror(errno.ENOSPC) not in str(error):
            raise
        raise _disk_full(folder) from error


def _disk_full(folder: Path) -> ComponentFailed:
    existing = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(existing).free / 2**20
    return ComponentFailed(
        "The disk is full while writing TFRecords.",
        received=f"{folder} with {free:.1f} MiB free",
        fix="Make room, or choose another place with --home.",
    )
