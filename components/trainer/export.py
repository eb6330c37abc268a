"""A trained model as a SavedModel that takes raw features: Transform's graph goes with it.

What a client calls, what TFMA evaluates and what a batch job runs are the same two functions inside: raw features to
transformed ones, and these to predictions. Each is traced once and shared by all signatures, so they cannot differ.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform.saved.saved_transform_io_v2 import SavedModelLoader

from components.embedding import graph as embedding_graph
from components.trainer import raw_features
from components.trainer.model_inputs import model_inputs
from components.trainer.sequences import padded
from components.trainer.validate_outputs import named_outputs


class TransformGraph:
    """Transform's graph as it is when a model serves: without labels, and with the Embedder's module behind it.

    Args:
        tft_output: Transform's output.
        labels: Names of the labels, raw and transformed.

    Attributes:
        raw: The raw features that a client has, by name.
        features: The transformed features that need no label, by name, as symbolic tensors.

    Raises:
        UsageError: A raw feature cannot be the input of a signature.
    """

    def __init__(self, tft_output: tft.TFTransformOutput, *labels: str) -> None:
        self._graph = SavedModelLoader(tft_output.transform_savedmodel_dir)
        # The vocabularies must hang on what is saved, or they are lost. TransformFeaturesLayer would do, but it is a
        # Keras 2 layer, which traces everything once more when it is saved.
        self.tft_layer = self._graph._imported
        self.embedding = embedding_graph.load(Path(tft_output.transform_savedmodel_dir).parent)
        self.raw = raw_features.read(tft_output.raw_metadata.schema, *labels)
        self._labels = labels
        specs = {name: feature.batch_spec for name, feature in self.raw.items()}
        self._function = tf.function(self._apply, [specs], autograph=False)
        self.features = dict(self._function.get_concrete_function().structured_outputs)

    def _apply(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        outputs = self._graph.apply_transform_model(dict(raw))
        features = {name: value for name, value in outputs.items() if name not in self._labels}
        return self.embedding.replaced(features) if self.embedding else features

    def from_examples(self, serialized: tf.Tensor) -> dict[str, Any]:
        """Returns the transformed features of serialized tf.train.Example."""
        return self._function(tf.io.parse_example(serialized, {name: raw.spec for name, raw in self.raw.items()}))

    def from_client(self, values: Mapping[str, tf.Tensor]) -> dict[str, Any]:
        """Returns the transformed features of what `raw_features` lets a client send."""
        return self._function({name: self.raw[name].from_client(value) for name, value in values.items()})


def save(model: keras.Model, transform: TransformGraph, folder: Path) -> None:
    """Writes a model as a SavedModel, beside and then renamed.

    The signatures are `serving_default` (a tensor for each raw feature, see `raw_features`), `serving_examples`
    (serialized tf.train.Example as `examples`), both to the model's outputs by name, and `transform_features` (from
    `examples` to the transformed features without labels). None needs a label.

    Args:
        model: The trained model, built.
        transform: Transform's graph.
        folder: Where to.
    """
    module = tf.Module()
    module.tft_layer = transform.tft_layer
    # The variables alone: saving the Keras model traces all of its functions once more.
    module.model_variables = [variable.value for variable in model.variables]
    # A HubLayer's module has tables and files of its own.
    module.hub_modules = [layer.module for layer in model._flatten_layers() if hasattr(layer, "module")]
    module.embedding = transform.embedding.module if transform.embedding else None
    beside = folder.with_name(f"{folder.name}.part")
    tf.saved_model.save(module, str(beside), signatures=_signatures(model, transform))
    beside.replace(folder)


def _signatures(model: keras.Model, transform: TransformGraph) -> dict[str, Any]:
    predict = _predict(model, transform)
    client = [{name: feature.tensor_spec for name, feature in transform.raw.items()}]
    examples = [tf.TensorSpec([None], tf.string, name="examples")]

    def transformed(serialized: tf.Tensor) -> dict[str, Any]:
        # A signature gives dense tensors only.
        return {name: padded(value) for name, value in transform.from_examples(serialized).items()}

    return {
        "serving_default": tf.function(lambda x: predict(transform.from_client(x)), client, autograph=False),
        "serving_examples": tf.function(lambda x: predict(transform.from_examples(x)), examples, autograph=False),
        "transform_features": tf.function(transformed, examples, autograph=False),
    }


def _with_a_row(values: tf.Tensor) -> tf.Tensor:
    """Returns an empty batch with a row of zeros or "" added, any other one as it is; it is not copied."""
    added = tf.cast(tf.equal(tf.shape(values)[0], 0), tf.int32)
    rest = [[0, 0]] * (values.shape.rank - 1)
    return tf.pad(values, [[0, added], *rest], constant_values="" if values.dtype == tf.string else 0)


def _predict(model: keras.Model, transform: TransformGraph) -> Callable[[Mapping[str, Any]], dict[str, tf.Tensor]]:
    """Returns the function from the transformed features to the model's outputs by name."""
    names = model_inputs(model, transform.features)

    def outputs(inputs: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        dense = {name: padded(value) for name, value in inputs.items()}
        rows = tf.shape(next(iter(dense.values())))[0]
        # TensorFlow's convolutions on a CPU fail for no rows at all.
        some = {name: _with_a_row(value) for name, value in dense.items()}
        return {name: value[:rows] for name, value in named_outputs(model, model(some, training=False)).items()}

    specs = {name: tf.type_spec_from_value(transform.features[name]) for name in names}
    traced = tf.function(outputs, [specs], autograph=False)
    return lambda features: traced({name: features[name] for name in names})
