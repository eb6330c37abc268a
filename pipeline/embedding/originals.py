"""The raw examples behind rows of a split: Transform does not say which is which, so they are recognised."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.embedding.executor import files_of
from components.embedding.pieces import Piece
from components.trainer.export import TransformGraph
from components.trainer.sequences import padded, ragged_spec
from pipeline.config import TaskConfig
from pipeline.embedding.vectors import Vectors

_BATCH = 64
# The graph ran in batches of another size, which may round in another way.
_TOLERANCE = 1e-4


def find(task: TaskConfig, vectors: Vectors, split: str, rows: Sequence[int]) -> dict[int, tf.train.Example]:
    """Returns the raw examples of rows; a row whose example is not found is left out.

    Args:
        task: The task.
        vectors: The split.
        split: Its name.
        rows: Which rows.
    """
    output = tft.TFTransformOutput(vectors.transformed.graph)
    name = task.embedding.feature
    wanted = {row: _value(record_of(vectors.pieces, row), output, name) for row in rows}
    graph = TransformGraph(output, *task.training.labels)
    found: dict[int, tf.train.Example] = {}
    files = files_of(f"{vectors.transformed.raw}/Split-{split}") if vectors.transformed.raw else []
    for batch in tf.data.TFRecordDataset(files, "GZIP").batch(_BATCH):
        features = padded(graph.from_examples(batch)[name]).numpy()
        for row in [row for row in wanted if row not in found]:
            place = next((place for place, value in enumerate(features) if _same(np.asarray(value), wanted[row])), None)
            if place is not None:
                found[row] = tf.train.Example.FromString(batch[place].numpy())
        if len(found) == len(wanted):
            break
    return found


def record_of(pieces: Sequence[Piece], row: int) -> bytes:
    """Returns the transformed record of a row, serialized."""
    for piece in pieces:
        if row < piece.rows:
            break
        row -= piece.rows
    [record] = tf.data.TFRecordDataset(piece.file, "GZIP").skip(piece.first + row).take(1)
    return bytes(record.numpy())


def _value(record: bytes, output: tft.TFTransformOutput, name: str) -> np.ndarray:
    spec = ragged_spec({name: output.transformed_feature_spec()[name]})
    return np.asarray(padded(tf.io.parse_example([record], spec)[name]).numpy()[0])


def _same(value: np.ndarray, wanted: np.ndarray) -> bool:
    if value.shape != wanted.shape:
        # Lists are padded to the longest of their batch.
        shorter, longer = sorted((value, wanted), key=len)
        if longer[len(shorter) :].any():
            return False
        value, wanted = longer[: len(shorter)], shorter
    if wanted.dtype.kind == "f":
        return bool(np.abs(value - wanted).max(initial=0) < _TOLERANCE)
    return bool(np.array_equal(value, wanted))


def shown(example: tf.train.Example, schema: Any, labels: Collection[str]) -> dict[str, Any]:
    """Returns what a person can read of a raw example: texts and numbers, and of other bytes their number.

    Args:
        example: The example.
        schema: The schema of the raw features.
        labels: The features to leave out.
    """
    images = {feature.name for feature in schema.feature if feature.HasField("image_domain")}
    return {
        name: _shown(getattr(feature, feature.WhichOneof("kind")).value, name in images)
        for name, feature in sorted(example.features.feature.items())
        if feature.WhichOneof("kind") and name not in labels
    }


def _shown(values: Sequence[Any], is_image: bool) -> Any:
    plain = [_text(value, is_image) if isinstance(value, bytes) else value for value in values]
    return plain[0] if len(plain) == 1 else plain


def _text(value: bytes, is_image: bool) -> str:
    try:
        text = "" if is_image else value.decode()
    except UnicodeDecodeError:
        text = ""
    return text if text and "\0" not in text else f"{len(value):,} bytes"


def image_of(example: tf.train.Example, name: str) -> np.ndarray:
    """Returns the picture in a raw feature, uint8 [height, width, 1, 3 or 4]."""
    [value] = example.features.feature[name].bytes_list.value
    return tf.io.decode_image(value, expand_animations=False).numpy()


def raw_schema(graph: Path) -> Any:
    """Returns the schema of the raw features of a Transform graph."""
    return tft.TFTransformOutput(str(graph)).raw_metadata.schema
