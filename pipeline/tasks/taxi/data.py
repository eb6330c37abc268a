"""Chicago taxi trips as TFRecords, from the CSV that comes inside the tfx wheel.

The label is made here and is an ordinary feature of the records: `big_tip` is 1 when the tip was over 20 % of the fare.
The tip itself stays out, as it would give the label away, and so does `pickup_census_tract`, which one row in 15,002
has. A value that is missing in the CSV is a feature that is missing in the record.
"""

import csv
import hashlib
import heapq
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from components.errors import DataRefused, UsageError
from pipeline import prepared
from pipeline.tf_example import example

INTEGERS = (
    "trip_start_timestamp",
    "trip_start_month",
    "trip_start_day",
    "trip_start_hour",
    "trip_seconds",
    "pickup_community_area",
    "dropoff_community_area",
    "dropoff_census_tract",
)
FLOATS = (
    "fare",
    "trip_miles",
    "pickup_latitude",
    "pickup_longitude",
    "dropoff_latitude",
    "dropoff_longitude",
)
STRINGS = ("payment_type", "company")
LABEL = "big_tip"

_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(INTEGERS, int),
    **dict.fromkeys(FLOATS, float),
    **dict.fromkeys(STRINGS, str),
    "tips": float,
}
_INSIDE_TFX = "examples/chicago_taxi_pipeline/data/simple/data.csv"

Row = dict[str, str]


def prepare(
    folder: str | Path, csv_path: str | None = None, rows: int | None = None, shards: int = 2, seed: int = 0
) -> dict[str, int]:
    """Writes the trips as sharded gzip TFRecords, a third of them as `eval`; does nothing when they are there already.

    The CSV is streamed, so it may be larger than memory. Where a row goes depends on its content alone: a longer CSV
    moves no row from one split to the other.

    Args:
        folder: Where to.
        csv_path: A CSV with the same columns; by default the 15,002 trips in the tfx wheel.
        rows: How many rows to take at most, chosen by a hash of their content; by default all.
        shards: Files per split.
        seed: Chooses other rows when only some are taken.

    Returns:
        Rows per split.

    Raises:
        UsageError: An argument is out of range, or the CSV does not exist or lacks a column.
        DataRefused: A value in the CSV is not of its column's type, or the file is not text.
        ComponentFailed: The disk is full.
    """
    prepared.check_counts(rows=1 if rows is None else rows, shards=shards)
    path = _find_csv(csv_path)
    return prepared.write_once(
        folder,
        lambda: _examples(path, rows, seed),
        shards={"train": shards, "eval": shards},
        key={
            "source": prepared.file_digest(path),
            "code": prepared.file_digest(__file__),
            "rows": rows,
            "seed": seed,
        },
    )


def _find_csv(given: str | None) -> Path:
    if given is None:
        tfx = importlib.util.find_spec("tfx")  # Finds the package without importing it.
        path = Path((tfx and tfx.origin) or "").parent / _INSIDE_TFX
    else:
        path = Path(given).expanduser()
    if not path.is_file():
        raise UsageError("The CSV of trips must exist.", received=str(path), fix="Set data.params.csv_path.")
    return path


def trips(csv_path: str | None = None, rows: int | None = None, seed: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Returns (split, feature to value or None) in the order of the CSV; the arguments are those of `prepare`."""
    return _taken(_find_csv(csv_path), rows, seed)


def _examples(path: Path, rows: int | None, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yields (split, serialized tf.train.Example)."""
    for split, features in _taken(path, rows, seed):
        yield split, example(features)


def _taken(path: Path, rows: int | None, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    last = None if rows is None else _last_taken(path, rows, seed)
    taken = 0
    for line, row in _read(path):
        if last is not None and (taken == rows or _hash(row, f"rows {seed}") > last):
            continue
        taken += 1
        split = "eval" if _hash(row, "split") % 3 == 0 else "train"
        yield split, _features(row, f"{path} line {line}")


def _last_taken(path: Path, rows: int, seed: int) -> int:
    """Returns the hash up to which rows are taken. Only that many hashes are held, never the rows."""
    smallest = heapq.nsmallest(rows, (_hash(row, f"rows {seed}") for _, row in _read(path)))
    return smallest[-1] if smallest else 0


def _read(path: Path) -> Iterator[tuple[int, Row]]:
    """Yields (line number, row)."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        try:
            missing = sorted(set(_READERS) - set(reader.fieldnames or ()))
            if missing:
                raise UsageError("The CSV of trips must have every column.", received=f"{path} without {missing[0]}")
            for row in reader:
                yield reader.line_num, row
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataRefused("The CSV of trips must be UTF-8 text.", received=f"{path}: {error}") from None


def _hash(row: Row, salt: str) -> int:
    content = "\x1f".join((salt, *(row[name] or "" for name in _READERS)))
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=8).digest(), "big")


def _features(row: Row, where: str) -> dict[str, int | float | str | None]:
    values = {name: _value(name, row[name], where) for name in _READERS}
    tips = values.pop("tips")
    if tips is not None and values["fare"] is not None:
        values[LABEL] = int(tips > 0.2 * values["fare"])
    return values


def _value(name: str, text: str | None, where: str) -> Any:
    if not text:
        return None
    try:
        return _READERS[name](text)
    except ValueError:
        kind = "a whole number" if name in INTEGERS else "a number"
        raise DataRefused(f"`{name}` must be {kind}.", received=f"{text!r} in {where}") from None
