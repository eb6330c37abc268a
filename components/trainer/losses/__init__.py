"""Losses that Keras does not have, or not in a form that holds at large logits, and `create` for all by name.

>>> create("sparse_focal", gamma=1.0, from_logits=True).gamma
1.0
>>> create("binary_crossentropy", from_logits=True).name
'binary_crossentropy'
"""

import inspect
from typing import Any

import keras

from components.errors import UsageError, did_you_mean
from components.trainer.losses.class_weighted import ClassWeighted
from components.trainer.losses.focal import BinaryFocal, CategoricalFocal, SparseFocal
from components.trainer.losses.huber import Huber
from components.trainer.losses.label_smoothing import SmoothSparseCategoricalCrossentropy
from components.trainer.losses.quantile import Quantile

__all__ = [
    "BinaryFocal",
    "CategoricalFocal",
    "ClassWeighted",
    "Huber",
    "Quantile",
    "SmoothSparseCategoricalCrossentropy",
    "SparseFocal",
    "create",
    "with_argument",
]

_LOSSES: dict[str, type[keras.losses.Loss]] = {
    "binary_focal": BinaryFocal,
    "categorical_focal": CategoricalFocal,
    "sparse_focal": SparseFocal,
    "smooth_sparse_categorical_crossentropy": SmoothSparseCategoricalCrossentropy,
    "quantile": Quantile,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    "mean_squared_error": keras.losses.MeanSquaredError,
    "mean_absolute_error": keras.losses.MeanAbsoluteError,
    "mean_absolute_percentage_error": keras.losses.MeanAbsolutePercentageError,
    "mean_squared_logarithmic_error": keras.losses.MeanSquaredLogarithmicError,
    "huber": Huber,
    "log_cosh": keras.losses.LogCosh,
    "poisson": keras.losses.Poisson,
    "kl_divergence": keras.losses.KLDivergence,
    "cosine_similarity": keras.losses.CosineSimilarity,
    "hinge": keras.losses.Hinge,
}


def with_argument(argument: str) -> list[str]:
    """Returns the names of the losses that take an argument, such as `from_logits`."""
    return [name for name, loss in _LOSSES.items() if argument in inspect.signature(loss.__init__).parameters]


def create(name: str, class_weights: tuple[float, ...] | None = None, **params: Any) -> keras.losses.Loss:
    """Returns the loss of a name.

    Args:
        name: One of the names in snake case, ours or Keras's.
        class_weights: Weights that the loss of each example is multiplied with by its class; None weighs nothing.
        params: Arguments of the loss, such as `from_logits`, `label_smoothing`, `gamma` or `quantiles`.

    Raises:
        UsageError: The name or an argument is unknown.
    """
    if name not in _LOSSES:
        raise UsageError("The loss must be known.", received=f"loss={name}", fix=did_you_mean(name, _LOSSES))
    known = list(inspect.signature(_LOSSES[name].__init__).parameters)[1:]
    for param in params:
        if param not in known:
            raise UsageError(
                f"An argument of the loss {name} must exist.", received=param, fix=did_you_mean(param, known)
            )
    loss = _LOSSES[name](**params)
    return loss if class_weights is None else ClassWeighted(loss, class_weights)
