"""Hyper-parameters put into a training: a key of its configuration each, as for `--set`."""

from collections.abc import Mapping
from typing import Any

from components import overrides
from components.errors import UsageError
from components.trainer.config import TrainingConfig

_OF_KERAS_TUNER = "tuner/"


def found(config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns key to value of what a Tuner has found.

    Args:
        config: What `keras_tuner.HyperParameters.get_config()` gives; None where there was no Tuner.

    Example:
        >>> found({"space": [], "values": {"batch_size": 32, "tuner/epochs": 2}})
        {'batch_size': 32}
    """
    values = (config or {}).get("values", {})
    # Hyperband keeps its own books among the values.
    return {key: value for key, value in values.items() if not key.startswith(_OF_KERAS_TUNER)}


def applied(training: TrainingConfig, values: Mapping[str, Any]) -> TrainingConfig:
    """Returns the training with hyper-parameters put in, in their order.

    Args:
        training: What is in the task's configuration.
        values: Key, such as `optimizer.learning_rate`, to a JSON value. A text is read as `--set` reads it, for
            KerasTuner has no lists among its values.

    Raises:
        UsageError: A key does not exist, or the training refuses a value.
    """
    for key, value in values.items():
        try:
            if isinstance(value, str):
                training = overrides.replaced_by_text(training, f"{key}={value}")
            else:
                training = overrides.replaced(training, key, value)
        except UsageError as error:
            raise UsageError(
                f"A hyper-parameter must fit the training: {error.rule[0].lower()}{error.rule[1:]}",
                received=error.received,
                fix=error.fix,
            ) from None
    return training
