"""Rows of a text, three numbers, a list and a label, through a Transform that looks at no data."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import impl_helper
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from pipeline.tf_example import example

SCHEMA = """
feature { name: "text" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "numbers" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 3 } } }
feature { name: "ids" type: INT value_count { min: 0 } }
feature { name: "kind" type: INT presence { min_fraction: 1 } shape {} not_in_environment: "SERVING" }
"""


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    outputs = {"text": inputs["text"][:, 0], "features": inputs["numbers"] * 2.0, "ids": inputs["ids"]}
    return {**outputs, "kind": inputs["kind"]} if "kind" in inputs else outputs


def rows(count: int, seed: int) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        words = [draw.choice(["good", "bad", "."]) for _ in range(3)]
        numbers = [draw.uniform(-1, 1) for _ in range(3)]
        found.append({"text": " ".join(words), "numbers": numbers, "ids": [3, 4], "kind": int(sum(numbers) > 0)})
    return found


def transform(folder: Path, counts: Mapping[str, int]) -> tuple[Path, dict[str, list[bytes]]]:
    """Returns Transform's output folder and the raw rows of each split, after writing the examples."""
    graph = folder / "graph"
    schema = text_format.Parse(SCHEMA, schema_pb2.Schema())
    specs = schema_utils.schema_as_feature_spec(schema).feature_spec
    types = {name: tf.TensorSpec([None, *spec.shape], spec.dtype) for name, spec in specs.items() if name != "ids"}
    types["ids"] = tf.SparseTensorSpec([None, None], tf.int64)
    impl_helper.analyze_in_place(preprocessing_fn, False, specs, types, str(graph))
    metadata_io.write_metadata(dataset_metadata.DatasetMetadata(schema), str(graph / "metadata"))
    layer = tft.TFTransformOutput(str(graph)).transform_features_layer()
    serialized = {}
    for seed, (split, count) in enumerate(counts.items()):
        serialized[split] = [example(row) for row in rows(count, seed)]
        write(folder / "examples" / f"Split-{split}", layer(tf.io.parse_example(serialized[split], specs)))
    return graph, serialized


def write(folder: Path, features: Mapping[str, Any]) -> None:
    """Writes the features in two files."""
    folder.mkdir(parents=True)
    features = {name: tf.sparse.to_dense(x) if isinstance(x, tf.SparseTensor) else x for name, x in features.items()}
    records = [
        example({name: values[row].numpy() for name, values in features.items()})
        for row in range(int(features["kind"].shape[0]))
    ]
    for number, half in enumerate((records[: len(records) // 2], records[len(records) // 2 :])):
        with tf.io.TFRecordWriter(str(folder / f"part-{number}.gz"), "GZIP") as writer:
            for record in half:
                writer.write(record)
