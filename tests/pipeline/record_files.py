"""Small TFRecord files."""

from pathlib import Path

import tensorflow as tf

from pipeline.tf_example import example


def rows(count: int) -> list[bytes]:
    return [example({"number": number, "word": f"row {number}"}) for number in range(count)]


def write(path: Path, records: list[bytes], compression: str = "GZIP") -> Path:
    """Writes with TensorFlow's writer, so that our reader is held against the real format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)
    return path
