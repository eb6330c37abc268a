"""Which transformed features a model takes."""

from collections.abc import Iterable, Mapping

import keras

from components.errors import UsageError, did_you_mean


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
