"""A tiny data set in each kind of source: 36 rows of two classes, where `number` tells them apart."""

import csv
import gzip
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components.trainer.sources import Arrays, Audio, Csv, Generated, Images, Lines, Records, Source

ROWS = 36
SHARDS = 3
RATE = 8000


def label(row: int) -> int:
    """Uneven, so that no shard and no folder holds one class only."""
    return row % 5 % 2


def records(folder: Path) -> Source:
    for shard in range(SHARDS):
        with tf.io.TFRecordWriter(str(folder / f"part-{shard}")) as writer:
            for row in range(shard, ROWS, SHARDS):
                writer.write(example(row))
    spec = {"number": tf.io.FixedLenFeature([], tf.float32), "label": tf.io.FixedLenFeature([], tf.int64)}
    return Records(str(folder / "part-*"), spec)


def example(row: int) -> bytes:
    features = {
        "number": tf.train.Feature(float_list=tf.train.FloatList(value=[row])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label(row)])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def csv_files(folder: Path) -> Source:
    for shard in range(SHARDS):
        with gzip.open(folder / f"part-{shard}.csv.gz", "wt", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["number", "note", "label"])
            writer.writerows([row, 'said "so", once', label(row)] for row in range(shard, ROWS, SHARDS))
    return Csv(str(folder / "*.csv.gz"), CSV_SPEC)


CSV_SPEC = {"number": tf.io.FixedLenFeature([], tf.float32), "label": tf.io.FixedLenFeature([], tf.int64)}


def arrays(folder: Path) -> Source:
    return Arrays({"number": np.arange(ROWS, dtype="float32"), "label": [label(row) for row in range(ROWS)]})


def generated(folder: Path) -> Source:
    def rows(shard: int) -> Iterator[dict[str, Any]]:
        return ({"number": row, "label": label(row)} for row in range(shard, ROWS, SHARDS))

    spec = {"number": tf.TensorSpec([], tf.float32), "label": tf.TensorSpec([], tf.int64)}
    return Generated(rows, spec, shards=SHARDS)


def images(folder: Path) -> Source:
    for row in range(ROWS):
        path = folder / ["dark", "plain"][label(row)] / f"{row:02}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(tf.io.encode_png(np.full((4 + row % 3, 5, 3), row, "uint8")).numpy())
    return Images(str(folder), size=(4, 4))


def audio(folder: Path) -> Source:
    for row in range(ROWS):
        path = folder / ["high", "low"][label(row)] / f"{row:02}.wav"
        path.parent.mkdir(exist_ok=True)
        write_wav(path, np.full(20 + row, row * 100, "<i2"))
    return Audio(str(folder), rate=RATE)


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def lines(folder: Path) -> Source:
    for shard in range(SHARDS):
        (folder / f"{shard}.txt").write_text("".join(f"{label(row)}\t{row}\n" for row in range(shard, ROWS, SHARDS)))
    return Lines(str(folder / "*.txt"), parse_line)


def parse_line(rows: tf.Tensor) -> dict[str, tf.Tensor]:
    parts = tf.strings.split(rows, "\t").to_tensor(shape=[None, 2])
    return {"label": tf.strings.to_number(parts[:, 0], tf.int64), "number": tf.strings.to_number(parts[:, 1])}


KINDS: dict[str, Callable[[Path], Source]] = {
    "records": records,
    "csv": csv_files,
    "arrays": arrays,
    "generated": generated,
    "images": images,
    "audio": audio,
    "lines": lines,
}


def numbers(features: dict[str, Any]) -> np.ndarray:
    """Returns which rows a batch holds."""
    if "image" in features:
        return features["image"][:, 0, 0, 0]
    if "samples" in features:
        return np.round(features["samples"][:, 0] * 32768 / 100)
    return features["number"]
