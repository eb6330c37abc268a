"""What a model is compiled with: the losses and the metrics of its outputs.

A model of one output gets a loss and a list of metrics, one of several a mapping of each by the names of the outputs.
"""

import re
from typing import Any

import keras

from components.errors import UsageError
from components.trainer import losses, metrics
from components.trainer.class_weights import ClassWeights
from components.trainer.config import MetricConfig, OutputConfig, TrainingConfig


def create_losses(config: TrainingConfig, class_weights: ClassWeights | None = None) -> Any:
    """Returns the loss, or the losses by output.

    Args:
        config: The training.
        class_weights: The weights of the classes by output, of those that have any; see `class_weights.of_outputs`.

    Raises:
        UsageError: A name or an argument is unknown.
    """
    weights = class_weights or {}
    created = {name: create_loss(target, weights.get(name)) for name, target in config.targets.items()}
    return created if config.outputs else created[""]


def create_loss(target: OutputConfig, class_weights: tuple[float, ...] | None = None) -> keras.losses.Loss:
    """Returns the loss of an output; its name may be that of the Keras class."""
    smoothing = {} if target.label_smoothing is None else {"label_smoothing": target.label_smoothing}
    params = {**target.loss_params, **smoothing}
    try:
        return losses.create(snake_case(target.loss), class_weights, **params)
    except (TypeError, ValueError) as error:
        raise _bad_arguments("loss", target.loss, params, error) from error


def create_metrics(config: TrainingConfig) -> Any:
    """Returns the metrics, or the metrics by output, each under its own name whatever else was created in the process.

    Raises:
        UsageError: A name or an argument is unknown, or an argument that is needed is missing.
    """
    created = {name: [_metric(entry) for entry in target.metrics] for name, target in config.targets.items()}
    return created if config.outputs else created[""]


def directions(config: TrainingConfig) -> dict[str, str | None]:
    """Returns what a history holds of a split: the names of losses and metrics, and which way each gets better.

    Example:
        >>> from components.trainer.config import ModelConfig
        >>> price = OutputConfig("price", "huber", metrics=("R2Score",))
        >>> kind = OutputConfig("kind", "sparse_categorical_crossentropy")
        >>> config = TrainingConfig(ModelConfig("model.build"), outputs={"price": price, "kind": kind})
        >>> directions(config)
        {'loss': 'down', 'price_loss': 'down', 'kind_loss': 'down', 'price_r2_score': 'up'}
    """
    measured = create_metrics(config)
    if not config.outputs:
        return {"loss": "down", **{metric.name: _direction(metric) for metric in measured}}
    return {
        "loss": "down",
        **{f"{output}_loss": "down" for output in config.outputs},
        **{f"{output}_{metric.name}": _direction(metric) for output, own in measured.items() for metric in own},
    }


def metric_name(entry: str | MetricConfig) -> str:
    """Returns what the history calls a metric."""
    if isinstance(entry, str):
        return snake_case(entry)
    return str(entry.params.get("name", snake_case(entry.name)))


def snake_case(name: str) -> str:
    """Returns the name of a class as Keras names its instances.

    Example:
        >>> snake_case("BinaryAccuracy"), snake_case("AUC"), snake_case("R2Score")
        ('binary_accuracy', 'auc', 'r2_score')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _metric(entry: str | MetricConfig) -> keras.metrics.Metric:
    given = MetricConfig(entry) if isinstance(entry, str) else entry
    params = {name: value for name, value in given.params.items() if name != "name"}
    try:
        metric = metrics.create(snake_case(given.name), **params)
    except (TypeError, ValueError) as error:
        raise _bad_arguments("metric", given.name, params, error) from error
    metric.name = metric_name(entry)
    return metric


def _bad_arguments(kind: str, name: str, params: dict[str, Any], error: Exception) -> UsageError:
    return UsageError(f"The {kind} {name} must take its arguments.", received=f"params={params}", fix=str(error))


def _direction(metric: keras.metrics.Metric) -> str | None:
    return getattr(metric, "_direction", None)
