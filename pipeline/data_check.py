"""Reading every record of a run's TFRecords once, before anything is launched.

ExampleGen cannot be left to find out: where a record is broken its traceback names neither the file nor the record, and
not everything that is broken makes it fail.
"""

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from components.errors import DataRefused
from pipeline import counted_rows, tfrecords
from pipeline.data_source import ALL, DataSource


def verify(source: DataSource, cache: str | Path | None = None) -> dict[str, int]:
    """Reads every file to its end and checks every record.

    Args:
        source: What `pipeline.data_source.find` returned.
        cache: A JSON file that remembers the answer as long as no file changes its name, size or modification time.

    Returns:
        Rows per split of `source.files`.

    Raises:
        DataRefused: A file is cut, damaged or empty, a record is not a tf.train.Example, or a split has no rows. It
            says which file, which record (the first is 0) and why.
    """
    state = counted_rows.digest(source)
    rows = counted_rows.recall(cache, state) if cache is not None else None
    if rows is None:
        rows = _read_all(source)
        if cache is not None:
            counted_rows.remember(cache, state, rows)
    return rows


def hash_split(record: bytes, buckets: Mapping[str, int]) -> str:
    """Returns the split that ExampleGen gives a record to.

    Args:
        record: The tf.train.Example, serialized deterministically.
        buckets: Split name to number of buckets.
    """
    splits = [split for split, count in buckets.items() for _ in range(count)]
    return splits[int(hashlib.sha256(record).hexdigest(), 16) % len(splits)]


def _read_all(source: DataSource) -> dict[str, int]:
    jobs = [(split, name) for split, names in source.files.items() for name in names]
    rows = dict.fromkeys(source.files, 0)
    missing = set(source.buckets or ())
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        reports = pool.map(lambda job: _read_file(source, job[1]), jobs)
        for (split, _), (count, hit) in zip(jobs, reports, strict=True):
            rows[split] += count
            missing -= hit
    finally:
        pool.shutdown(cancel_futures=True)
    missing |= {split for split, count in rows.items() if not count}
    if missing:
        how = "" if source.buckets is None else f" after a split of {rows[ALL]} rows by hash"
        raise DataRefused("Every split must hold rows.", received=f"`{min(missing)}` has none{how} in {source.folder}")
    return rows


def _read_file(source: DataSource, name: str) -> tuple[int, set[str]]:
    """Returns how many rows a file holds, and splits that their hashes hit; once all are hit no more are hashed."""
    rows, has_features, hit = 0, False, set[str]()
    buckets = source.buckets or {}
    try:
        for record in tfrecords.records(source.folder / name):
            example = _parse(record, name, rows)
            has_features = has_features or bool(example.features.feature)
            if len(hit) < len(buckets):
                hit.add(hash_split(example.SerializeToString(deterministic=True), buckets))
            rows += 1
    except tfrecords.BrokenRecord as error:
        raise _refused(name, error.number, error.reason) from None
    except OSError as error:
        raise DataRefused("Every file must be readable.", received=f"{name}: {error.strerror}") from None
    if rows and not has_features:
        raise _refused(name, 0, "neither it nor any other record of the file has a feature")
    return rows, hit


def _parse(record: bytes, name: str, number: int) -> Any:
    import tensorflow as tf
    from google.protobuf.message import DecodeError
    from google.protobuf.unknown_fields import UnknownFieldSet

    try:
        example = tf.train.Example.FromString(record)
    except DecodeError:
        raise _refused(name, number, "it is not a tf.train.Example") from None
    # A SequenceExample parses as an Example without its sequences. Once a file is enough: it costs as much as parsing.
    if number == 0 and len(UnknownFieldSet(example)):
        raise _refused(name, number, "it is not a tf.train.Example; a tf.train.SequenceExample looks like this")
    return example


def _refused(name: str, number: int, reason: str) -> DataRefused:
    return DataRefused(
        "Every record must be a whole tf.train.Example.",
        received=f"{name}, record {number}: {reason}",
        fix="Write the file again.",
    )
