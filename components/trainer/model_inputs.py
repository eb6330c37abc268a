"""Which transformed features a model takes."""

from collections.abc import Iterable, Mapping

import keras
import tensorflow_transform as tft

from components.errors import UsageError, did_you_mean
from components.import_path import resolve
from components.trainer.config import ModelConfig


def build_model(config: ModelConfig, tft_output: tft.TFTransformOutput) -> keras.Model:
    """Returns the model of a configuration, built for what Transform has made.

    Args:
        config: The function and its arguments.
        tft_output: Transform's output.

    Raises:
        UsageError: The function asks for a feature that is not there.
    """
    try:
        return resolve(config.build, "training.model.build")(tft_output, **config.params)
    except KeyError as error:
        features, name = tft_output.transformed_feature_spec(), str(error.args[0]) if error.args else ""
        if name in features:
            raise
        raise UsageError(
            f"`{config.build}` must be written for the transformed features.",
            received=f"KeyError: {name}",
            fix=did_you_mean(name, features),
        ) from error


def model_inputs(model: keras.Model, features: Iterable[str]) -> list[str]:
    """Returns the names of the features to feed, as a mapping, to a model.

    Args:
        model: A model. The inputs of a Sequential or Functional one are named after features; a subclassed one gets
            all.
        features: Names of the transformed features, without the label.

    Raises:
        UsageError: An input is named after no feature.

    Example:
        >>> fare = keras.Input((1,), name="fare")
        >>> model_inputs(keras.Model(fare, keras.layers.Dense(1)(fare)), ["fare", "miles"])
        ['fare']
    """
    known = list(features)
    inputs = getattr(model, "inputs", None)
    if inputs is None:
        return known
    structure = getattr(model, "input", None)
    names = list(structure) if isinstance(structure, Mapping) else [tensor.name for tensor in inputs]
    for name in names:
        if name not in known:
            raise UsageError(
                "Each input of the model must be named after a transformed feature that needs no label.",
                received=f"input {name}",
                fix=did_you_mean(name, known),
            )
    return names
