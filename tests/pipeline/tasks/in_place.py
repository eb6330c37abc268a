"""Transform's output of a task without analyzers, made without Beam."""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import impl_helper
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.import_path import resolve
from components.trainer import export
from components.trainer.export import TransformGraph
from pipeline import tasks
from pipeline.tf_example import example

ROOT = Path(__file__).resolve().parents[3]


def schema_of(name: str) -> schema_pb2.Schema:
    """The curated schema of a task."""
    return text_format.Parse((ROOT / tasks.load(name).schema.path).read_text(), schema_pb2.Schema())


def preprocessing_fn(name: str, **params: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A task's function as Transform calls it, with some of `transform.params` replaced."""
    transform = tasks.load(name).transform
    function = resolve(transform.preprocessing_fn, "")
    if "custom_config" not in inspect.signature(function).parameters:
        return function
    return functools.partial(function, custom_config={"params": {**transform.params, **params}})


def transform_output(name: str, folder: Path, **params: Any) -> tft.TFTransformOutput:
    """What Transform leaves for a task whose `preprocessing_fn` looks at no data."""
    schema = schema_of(name)
    specs = schema_utils.schema_as_feature_spec(schema).feature_spec
    types = {key: tf.SparseTensorSpec([None, None], spec.dtype) for key, spec in specs.items()}
    fixed = {key: spec for key, spec in specs.items() if isinstance(spec, tf.io.FixedLenFeature)}
    types |= {key: tf.TensorSpec([None, *spec.shape], spec.dtype) for key, spec in fixed.items()}
    impl_helper.analyze_in_place(preprocessing_fn(name, **params), False, specs, types, str(folder))
    metadata_io.write_metadata(dataset_metadata.DatasetMetadata(schema), str(folder / "metadata"))
    return tft.TFTransformOutput(str(folder))


def exported(model: keras.Model, output: tft.TFTransformOutput, label: str, folder: Path) -> Any:
    """The signatures of a model, exported and loaded."""
    export.save(model, TransformGraph(output, label), folder)
    return tf.saved_model.load(str(folder)).signatures


def through_transform(output: tft.TFTransformOutput, rows: list[Mapping[str, Any]]) -> dict[str, tf.Tensor]:
    """The transformed features of rows, parsed as Transform parses them."""
    specs = {key: spec for key, spec in output.raw_feature_spec().items() if key in rows[0] or _optional(spec)}
    return output.transform_features_layer()(tf.io.parse_example([example(row) for row in rows], specs))


def _optional(spec: Any) -> bool:
    return isinstance(spec, tf.io.VarLenFeature)
