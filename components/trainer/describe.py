"""The description of a served model, from the schema of its raw features."""

from collections.abc import Iterable

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.model_description import InputDescription, Kind, ModelDescription
from components.trainer import raw_features
from components.trainer.raw_features import RawFeature

AUDIO_TAG = "audio"


def describe(schema: schema_pb2.Schema, labels: Iterable[str], classes: Iterable[str] = ()) -> ModelDescription:
    """Returns what a model of these raw features takes.

    An image is a feature with an `image_domain`; a sound one with the tag `audio` in its annotation, as not every TFDV
    knows a domain for it; a text any other one of bytes without a list of values.

    Args:
        schema: The schema.
        labels: The raw features that a client does not have.
        classes: Names of the classes.
    """
    protos = {feature.name: feature for feature in schema.feature}
    features = raw_features.read(schema, *labels)
    inputs = {feature.argument: _described(feature, protos[name]) for name, feature in features.items()}
    return ModelDescription(inputs, tuple(classes))


def _described(feature: RawFeature, proto: schema_pb2.Feature) -> InputDescription:
    is_nan = feature.missing is not None and feature.spec.dtype == tf.float32
    return InputDescription(
        kind=_kind(proto),
        optional=feature.missing is not None,
        missing=None if is_nan else feature.missing,
        several=feature.several,
    )


def _kind(proto: schema_pb2.Feature) -> Kind | None:
    if proto.type != schema_pb2.BYTES:
        return None
    if proto.HasField("image_domain"):
        return "image"
    if AUDIO_TAG in proto.annotation.tag:
        return "audio"
    return None if proto.domain or proto.HasField("string_domain") else "text"
