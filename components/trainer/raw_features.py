"""Raw features the way a client sends them: one dense tensor each, a missing value as a value that cannot occur.

| the schema says | the client sends | missing is | |---|---|---| | one value, always there | `[None]` | not allowed | |
a fixed shape of several values | `[None, d...]` | not allowed | | at most one value | `[None]` | `""`, NaN, or for
whole numbers -1 where the domain starts at 0 or above, else the lowest int64 | | several values | `[None, None]`, short
rows padded | the same, in the place of each value that is not there |
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import schema_utils

from components.errors import UsageError

SERVING = "SERVING"


@dataclass(frozen=True)
class RawFeature:
    """A raw feature of the schema.

    Args:
        name: Its name.
        spec: How it is parsed from a tf.train.Example.
        missing: The value that stands for a missing one; None where none may be missing.
        several: Whether a row may hold several values.
    """

    name: str
    spec: Any
    missing: Any
    several: bool

    @property
    def argument(self) -> str:
        """The name of the signature's input: that of the feature, with `_` for what TensorFlow does not allow."""
        return re.sub(r"\W", "_", self.name)

    @property
    def tensor_spec(self) -> tf.TensorSpec:
        """What a client sends."""
        if self.missing is not None:
            return tf.TensorSpec([None, None] if self.several else [None], self.spec.dtype, self.argument)
        shape = list(self.spec.shape)
        return tf.TensorSpec([None] if _is_scalar(shape) else [None, *shape], self.spec.dtype, self.argument)

    @property
    def batch_spec(self) -> tf.TypeSpec:
        """What `tf.io.parse_example` gives for a batch of examples, and `from_client` for what a client sends."""
        if isinstance(self.spec, tf.io.FixedLenFeature):
            return tf.TensorSpec([None, *self.spec.shape], self.spec.dtype)
        if isinstance(self.spec, tf.io.VarLenFeature):
            return tf.SparseTensorSpec([None, None], self.spec.dtype)
        return tf.RaggedTensorSpec([None, None], self.spec.dtype, row_splits_dtype=self.spec.row_splits_dtype)

    def from_client(self, value: tf.Tensor) -> Any:
        """Returns what parsing an example with the same values would give."""
        # A loaded signature does not check the rank, and what follows would flatten the values or spread them.
        value = tf.ensure_shape(value, self.tensor_spec.shape)
        if self.missing is None:
            return tf.reshape(value, [-1, *self.spec.shape]) if _is_scalar(self.spec.shape) else value
        rows = value if self.several else value[:, tf.newaxis]
        present = ~tf.math.is_nan(rows) if self.spec.dtype == tf.float32 else rows != self.missing
        ragged = tf.ragged.boolean_mask(rows, present)
        if isinstance(self.spec, tf.io.VarLenFeature):
            return ragged.to_sparse()
        return ragged.with_row_splits_dtype(self.spec.row_splits_dtype)


def _is_scalar(shape: Any) -> bool:
    return all(size == 1 for size in shape)


def read(schema: schema_pb2.Schema, *labels: str) -> dict[str, RawFeature]:
    """Returns the features that a client has: all but the labels and those that the schema keeps out of serving.

    Args:
        schema: The schema of the raw features.
        labels: Names of the raw labels.

    Raises:
        UsageError: A feature is a SparseFeature, or two names are the same once made into those of inputs.
    """
    specs = schema_utils.schema_as_feature_spec(schema).feature_spec
    absent = {feature.name for feature in schema.feature if SERVING in feature.not_in_environment}
    protos = {feature.name: feature for feature in schema.feature}
    features = {
        name: _read(name, spec, protos.get(name)) for name, spec in specs.items() if name not in absent.union(labels)
    }
    _check_arguments(features)
    return features


def _read(name: str, spec: Any, proto: schema_pb2.Feature | None) -> RawFeature:
    if isinstance(spec, tf.io.FixedLenFeature):
        return RawFeature(name, spec, missing=None, several=False)
    if proto is None or not isinstance(spec, tf.io.VarLenFeature | tf.io.RaggedFeature) or _is_nested(spec):
        raise UsageError(
            "A raw feature must have a fixed shape or a list of values.",
            received=f"{name} as {type(spec).__name__}",
            fix="Describe its parts as features of their own in the schema.",
        )
    unbounded = proto.HasField("value_count") and not proto.value_count.max
    return RawFeature(name, spec, _missing(proto), several=bool(unbounded or proto.value_count.max > 1))


def _is_nested(spec: Any) -> bool:
    return isinstance(spec, tf.io.RaggedFeature) and bool(spec.partitions)


def _missing(proto: schema_pb2.Feature) -> Any:
    if proto.type == schema_pb2.BYTES:
        return ""
    if proto.type == schema_pb2.FLOAT:
        return float("nan")
    starts_at_zero = proto.HasField("int_domain") and proto.int_domain.HasField("min") and proto.int_domain.min >= 0
    return -1 if starts_at_zero else tf.int64.min


def _check_arguments(features: Mapping[str, RawFeature]) -> None:
    taken: dict[str, str] = {}
    for name, feature in features.items():
        other = taken.setdefault(feature.argument, name)
        if other != name:
            raise UsageError(
                "Two raw features must not become the same input of the served model.",
                received=f"{other}, {name}",
                fix=f"Rename one of them: both become {feature.argument}.",
            )
