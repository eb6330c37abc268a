"""What is sent to a model: real rows, whole and with something missing or unseen, in the form of each signature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.errors import UsageError, did_you_mean
from components.trainer.describe import describe
from components.trainer.raw_features import RawFeature

# Signatures.
DEFAULT, EXAMPLES, FEATURES = "serving_default", "serving_examples", "transform_features"
SIGNATURES = (DEFAULT, EXAMPLES, FEATURES)

# Names of cases.
SINGLE, BATCH, EMPTY = "single", "batch", "empty batch"
UNSEEN, MISSING, ALL_MISSING = "unseen category", "missing feature", "all missing"

UNSEEN_VALUE = b"never seen by Slipway"


@dataclass(frozen=True)
class Case:
    """Rows that are sent together.

    Args:
        name: What is special about them.
        examples: The rows as serialized tf.train.Example.
    """

    name: str
    examples: tuple[bytes, ...]

    def inputs(self, signature: str, features: Mapping[str, RawFeature]) -> dict[str, tf.Tensor]:
        """Returns what a signature is sent, as eager tensors by the name of its input."""
        serialized = tf.constant(self.examples, tf.string, shape=[len(self.examples)])
        if signature != DEFAULT:
            return {"examples": serialized}
        parsed = tf.io.parse_example(serialized, {name: feature.spec for name, feature in features.items()})
        return {feature.argument: as_a_client(feature, parsed[name]) for name, feature in features.items()}


def as_a_client(feature: RawFeature, parsed: Any) -> tf.Tensor:
    """Returns the values of parsed examples as a client sends them: dense, with a value that stands for a missing one.

    Args:
        feature: The raw feature.
        parsed: What `tf.io.parse_example` gives for it.
    """
    shape = feature.tensor_spec.shape
    if feature.missing is None:
        return tf.reshape(parsed, [-1, *shape[1:]])
    rows = tf.RaggedTensor.from_sparse(parsed) if isinstance(parsed, tf.SparseTensor) else parsed
    default = tf.constant(feature.missing, rows.dtype)
    return rows.to_tensor(default) if feature.several else rows.to_tensor(default, shape=[None, 1])[:, 0]


def build(
    rows: Sequence[bytes],
    schema: schema_pb2.Schema,
    features: Mapping[str, RawFeature],
    missing: Sequence[str] | None = None,
) -> list[Case]:
    """Returns the cases that some rows make.

    Args:
        rows: Serialized tf.train.Example, at least one.
        schema: The schema of the raw features.
        features: The raw features that a client has.
        missing: The features left out, one in each row; None takes all that may be missing.

    Returns:
        A single row, a batch, an empty batch; the batch with words that no vocabulary has, unless no feature is a word;
        rows that lack a feature, and one that lacks all of them, unless none may be missing.

    Raises:
        UsageError: `missing` names a feature that is always there.
    """
    cases = [Case(SINGLE, tuple(rows[:1])), Case(BATCH, tuple(rows)), Case(EMPTY, ())]
    if words := _words(rows, schema, features):
        cases.append(Case(UNSEEN, tuple(_unseen(row, words) for row in rows)))
    if optional := _optional(features, missing):
        cases.append(Case(MISSING, tuple(_without(rows[i % len(rows)], name) for i, name in enumerate(optional))))
        # Where no row of a batch has a value, tensors have another shape than where some have.
        cases.append(Case(ALL_MISSING, (_without(rows[0], *optional),)))
    return cases


def _optional(features: Mapping[str, RawFeature], missing: Sequence[str] | None) -> list[str]:
    known = [name for name, feature in features.items() if feature.missing is not None]
    for name in missing or ():
        if name not in known:
            raise UsageError(
                "`serving.missing` must name raw features that the schema calls optional.",
                received=name,
                fix=did_you_mean(name, known),
            )
    return known if missing is None else list(missing)


def _words(rows: Sequence[bytes], schema: schema_pb2.Schema, features: Mapping[str, RawFeature]) -> set[str]:
    """Returns the features that hold words: no images, no sounds and nothing else that is not text."""
    inputs = describe(schema, [name.name for name in schema.feature if name.name not in features]).inputs
    words = {
        name
        for name, feature in features.items()
        if feature.spec.dtype == tf.string and inputs[feature.argument].kind in (None, "text")
    }
    examples = [tf.train.Example.FromString(row).features.feature for row in rows]
    values = {name: [value for one in examples for value in one[name].bytes_list.value] for name in words}
    return {name for name in words if values[name] and all(map(_is_text, values[name]))}


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unseen(row: bytes, words: set[str]) -> bytes:
    example = tf.train.Example.FromString(row)
    for name in words & set(example.features.feature):
        values = example.features.feature[name].bytes_list.value
        values[:] = [UNSEEN_VALUE] * len(values)
    return example.SerializeToString(deterministic=True)


def _without(row: bytes, *names: str) -> bytes:
    example = tf.train.Example.FromString(row)
    for name in names:
        example.features.feature.pop(name, None)
    return example.SerializeToString(deterministic=True)
