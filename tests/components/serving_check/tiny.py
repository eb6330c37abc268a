"""A model that is small enough for tests, and what can be wrong with it; made by hand, without Transform and Keras."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.reference_predictions import ReferencePredictions
from components.serving_check.cases import SIGNATURES
from components.trainer import raw_features
from tests.components.trainer.tiny import serialize

SCHEMA = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "company" type: BYTES value_count { min: 0 max: 1 } }
feature { name: "trip miles" type: FLOAT value_count { min: 0 max: 1 } }
feature { name: "tipped" type: INT presence { min_fraction: 1 } shape {} not_in_environment: "SERVING" }
"""
LABEL = "tipped"
COMPANIES = ("Flash", "Blue", "Sun")


def rows() -> list[bytes]:
    """Five trips; one has no company, one no miles."""
    companies = [["Flash"], ["Blue"], [], ["Sun"], ["Blue"]]
    return [
        serialize({"fare": [4.0 + i], "company": companies[i], "trip miles": [1.5] * (i != 1), "tipped": [i % 2]})
        for i in range(5)
    ]


def schema() -> schema_pb2.Schema:
    return text_format.Parse(SCHEMA, schema_pb2.Schema())


class Model(tf.Module):
    """Raw features to a probability through a vocabulary that is a file; `changes` replace parts of it."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        super().__init__()
        vocabulary = folder / "companies"
        vocabulary.write_text("\n".join(changes.get("companies", COMPANIES)) + "\n")
        whole, line = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
        words = tf.lookup.TextFileInitializer(str(vocabulary), tf.string, whole, tf.int64, line)
        self.table = tf.lookup.StaticVocabularyTable(words, 1)
        self.weights = tf.Variable([0.05, -0.2, 0.3])
        self.changes = changes
        self.raw = raw_features.read(schema(), LABEL)

    def features(self, fare: tf.Tensor, company: tf.SparseTensor, miles: tf.SparseTensor) -> dict[str, tf.Tensor]:
        def dense(x: tf.SparseTensor, default: Any) -> tf.Tensor:
            return tf.sparse.to_dense(tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1]), default)

        fare = self.changes.get("look", lambda fare, *_: fare)(fare, company, miles)
        return {
            "fare_log": tf.math.log(fare),
            "company_id": self.table.lookup(dense(company, "")),
            "m": dense(miles, 0.0),
        }

    def predict(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        x = [features["fare_log"], tf.cast(features["company_id"], tf.float32), features["m"]]
        probability = tf.sigmoid(tf.reduce_sum(tf.concat(x, 1) * self.weights, 1, keepdims=True))
        return self.changes.get("outputs", lambda p: {"probability": p})(probability)

    def parsed(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(examples, {name: raw.spec for name, raw in self.raw.items()})
        return self.features(parsed["fare"], parsed["company"], parsed["trip miles"])

    def from_client(self, fare: tf.Tensor, company: tf.Tensor, trip_miles: tf.Tensor) -> dict[str, tf.Tensor]:
        raw = self.raw
        given = (
            tf.cast(fare, tf.float32),
            raw["company"].from_client(company),
            raw["trip miles"].from_client(trip_miles),
        )
        return self.predict(self.features(raw["fare"].from_client(given[0]), *given[1:]))

    def save(self, folder: Path) -> Path:
        client = {raw.argument: raw.tensor_spec for raw in self.raw.values()}
        client["fare"] = tf.TensorSpec([None], self.changes.get("fare_dtype", tf.float32), "fare")
        examples = tf.TensorSpec([self.changes.get("batch")], tf.string, name="examples")
        signatures = {
            "serving_default": tf.function(self.from_client).get_concrete_function(**client),
            "serving_examples": tf.function(lambda examples: self.predict(self.parsed(examples))).get_concrete_function(
                examples
            ),
            "transform_features": tf.function(self.parsed).get_concrete_function(examples),
        }
        kept = {name: signatures[name] for name in self.changes.get("signatures", SIGNATURES)}
        tf.saved_model.save(self, str(folder), signatures=kept)
        return folder


def reference(model: Model, examples: Sequence[bytes]) -> ReferencePredictions:
    features = model.parsed(tf.constant(examples))
    outputs = model.predict(features)
    return ReferencePredictions(
        tuple(examples),
        {name: value.numpy() for name, value in features.items()},
        {name: value.numpy() for name, value in outputs.items()},
    )
