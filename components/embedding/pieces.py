"""The records of a split in pieces, and where the finished pieces are kept: by what they are made of."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf

from components.errors import DataRefused

_READ_AT_ONCE = 1024
_DAY = 24 * 3600


@dataclass(frozen=True)
class Piece:
    """Some records of a file that follow each other.

    Args:
        split: The split.
        file: gzip TFRecords.
        first: The first record, counted from 0.
        rows: How many.
        digest: SHA-256 of the records.
    """

    split: str
    file: str
    first: int
    rows: int
    digest: str


class Store:
    """The finished pieces.

    A piece is written beside and renamed, so what is here is whole, whenever the process that wrote it was killed.

    Args:
        folder: Where they lie.
        key: JSON values that decide, with the records, on the result: module, configuration, code.
    """

    def __init__(self, folder: Path, key: Mapping[str, object]) -> None:
        self.folder = folder
        self._key = json.dumps(key, sort_keys=True)

    def path(self, piece: Piece) -> Path:
        """Returns the file that a piece becomes, whether it is there or not."""
        digest = hashlib.sha256(f"{self._key}\0{piece.digest}".encode()).hexdigest()
        return self.folder / f"{digest}.gz"

    def sweep(self) -> None:
        """Removes what a process that was killed has left half-written, a day ago or longer: others may be writing."""
        for left in self.folder.glob("*.part"):
            if left.stat().st_mtime < time.time() - _DAY:
                left.unlink(missing_ok=True)

    def missing(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Returns the pieces that are not finished, each content once."""
        wanted = {self.path(piece): piece for piece in pieces}
        return [piece for path, piece in wanted.items() if not path.exists()]


def cut(splits: Mapping[str, Sequence[str]], rows: int) -> list[Piece]:
    """Returns the records of files as pieces, in order. Everything is read once.

    Args:
        splits: Name of a split to its files, gzip TFRecords.
        rows: Records in a piece at most.

    Raises:
        DataRefused: A file cannot be read.
    """
    try:
        return [piece for split, files in splits.items() for file in files for piece in _cut(split, file, rows)]
    except tf.errors.OpError as error:
        raise DataRefused("The transformed examples must be readable.", received=error.message) from error


def _cut(split: str, file: str, rows: int) -> Iterator[Piece]:
    first, count, digest = 0, 0, hashlib.sha256()
    for batch in tf.data.TFRecordDataset(file, "GZIP").batch(_READ_AT_ONCE).prefetch(1):
        for record in batch.numpy():
            digest.update(len(record).to_bytes(8, "little") + record)
            count += 1
            if count == rows:
                yield Piece(split, file, first, count, digest.hexdigest())
                first, count, digest = first + count, 0, hashlib.sha256()
    if count:
        yield Piece(split, file, first, count, digest.hexdigest())
