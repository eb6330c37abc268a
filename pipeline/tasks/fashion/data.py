"""Fashion-MNIST as TFRecords, each picture an encoded PNG file as a client would send it.

The source are the four IDX files of the Debian package `dataset-fashion-mnist`. Where it is not installed, the
handwritten digits inside scikit-learn take their place, and a notice on the terminal says so.
"""

import gzip
import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components import progress
from components.errors import DataRefused, UsageError
from pipeline import prepared
from pipeline.tf_example import example

LABEL = "label"
CLASSES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
DIGITS = tuple("0123456789")
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
FILES = {"train": "train", "eval": "t10k"}  # Split to how the names of its files begin.

_IMAGES, _LABELS = "{}-images-idx3-ubyte.gz", "{}-labels-idx1-ubyte.gz"
_INSTALL = "Run `apt-get install dataset-fashion-mnist` (`make data` does)"
_EVAL_SHARE = 7  # Of Fashion-MNIST's pictures, one in seven is for evaluation; so are those of every sample.
_UNSIGNED_BYTES = 8


@dataclass(frozen=True)
class Pictures:
    """The pictures of a split.

    Args:
        pixels: uint8 [pictures, height, width], 0 is the background.
        labels: uint8 [pictures], below 10.
        classes: Name of each label.
    """

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]


def prepare(
    folder: str | Path, idx_path: str | None = None, rows: int = 14_000, shards: int = 2, seed: int = 0
) -> dict[str, int]:
    """Writes pictures as sharded gzip TFRecords, a seventh of them as `eval`; does nothing when they are there already.

    Pictures stay in the split that the data set gives them. Which are taken is decided by a hash of the seed, the split
    and the picture's number, so a smaller sample is a part of a larger one.

    Args:
        folder: Where to.
        idx_path: A folder with the four IDX files of Fashion-MNIST, or of another set of the same shape such as MNIST;
            by default that of the Debian package.
        rows: How many pictures to take at most; 70,000 is all of them.
        shards: Files per split.
        seed: Chooses other pictures.

    Returns:
        Pictures per split.

    Raises:
        UsageError: An argument is out of range, or the folder lacks a file.
        DataRefused: A file is not the IDX file that its name promises.
        ComponentFailed: The disk is full.
    """
    prepared.check_counts(_EVAL_SHARE, rows=rows)
    prepared.check_counts(shards=shards)
    files = _idx_files(idx_path)
    if not files:
        notice = f"Fashion-MNIST is not installed: these are scikit-learn's digits. {_INSTALL} for the real ones."
        progress.emit("notice", message=notice)
    return prepared.write_once(
        folder,
        lambda: _examples(files, rows, seed),
        shards={"train": shards, "eval": shards},
        key={
            "source": [prepared.file_digest(file) for file in files] or "digits",
            "code": prepared.file_digest(__file__),
            "rows": rows,
            "seed": seed,
        },
        classes=CLASSES if files else DIGITS,
    )


def pictures(split: str, idx_path: str | None = None) -> Pictures:
    """Returns all pictures of a split, `train` or `eval`; the arguments and errors are those of `prepare`."""
    return _read(split, _idx_files(idx_path))


def _idx_files(given: str | None) -> list[Path]:
    """Returns the IDX files, images before labels, `train` before `eval`; none where the package is not installed."""
    root = DEBIAN if given is None else Path(given).expanduser()
    files = [root / name.format(start) for start in FILES.values() for name in (_IMAGES, _LABELS)]
    missing = [file.name for file in files if not file.is_file()]
    if given is None and len(missing) == len(files):
        return []
    if missing:
        raise UsageError(
            "The folder must hold the four IDX files of Fashion-MNIST.",
            received=f"{root} without {missing[0]}",
            fix=f"{_INSTALL}, or set data.params.idx_path to a folder that has them.",
        )
    return files


def _read(split: str, files: list[Path]) -> Pictures:
    if not files:
        return _digits(split)
    first = 2 * list(FILES).index(split)
    pixels, labels = _idx(files[first], 3), _idx(files[first + 1], 1)
    if len(pixels) != len(labels) or labels.max(initial=0) >= len(CLASSES):
        received = f"{len(pixels)} images, {len(labels)} labels up to {labels.max(initial=0)}"
        raise DataRefused("There must be a label from 0 to 9 for each image.", received=f"{received} in {files[first]}")
    return Pictures(pixels, labels, CLASSES)


def _idx(file: Path, axes: int) -> np.ndarray:
    """Reads an IDX file: two zero bytes, the type, the number of axes, their sizes as big-endian int32, the values."""
    try:
        content = gzip.decompress(file.read_bytes())
    except (OSError, EOFError) as error:
        raise DataRefused("An IDX file must be readable gzip.", received=f"{file}: {error}") from None
    head = 4 + 4 * axes
    shape = np.frombuffer(content[4:head], ">i4")
    if content[:4] != bytes([0, 0, _UNSIGNED_BYTES, axes]) or len(content) != head + np.prod(shape, dtype=np.int64):
        raise DataRefused(f"The file must be an IDX file of bytes with {axes} axes.", received=str(file))
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def _digits(split: str) -> Pictures:
    from sklearn.datasets import load_digits

    digits = load_digits()
    mine = np.array([_order(0, "digits", number) % _EVAL_SHARE == 0 for number in range(len(digits.target))])
    mine = mine if split == "eval" else ~mine
    pixels = (digits.images[mine] * 255 / 16).astype(np.uint8)
    return Pictures(pixels, digits.target[mine].astype(np.uint8), DIGITS)


def _examples(files: list[Path], rows: int, seed: int) -> Iterator[tuple[str, bytes]]:
    for split in FILES:
        found = _read(split, files)
        count = rows // _EVAL_SHARE if split == "eval" else rows - rows // _EVAL_SHARE
        for number in heapq.nsmallest(count, range(len(found.labels)), key=lambda n: _order(seed, split, n)):
            label = int(found.labels[number])
            values: dict[str, Any] = {
                "image": tf.io.encode_png(found.pixels[number][..., np.newaxis]).numpy(),
                "class_name": found.classes[label],
                LABEL: label,
            }
            yield split, example(values)


def _order(seed: int, split: str, number: int) -> int:
    digest = hashlib.blake2b(f"{seed} {split} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
