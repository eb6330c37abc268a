"""Training with Keras's own loop."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import keras

from components.trainer import losses, metrics, optimizers
from components.trainer.config import TrainingConfig
from components.trainer.input_pipeline import Split
from components.trainer.loss_scale import LossScale


@dataclass(frozen=True)
class Plan:
    """How long a training is.

    Args:
        epochs: Epochs at most.
        steps_per_epoch: Steps of an epoch.
        validation_steps: Steps of a validation.
        steps_per_execution: Steps in one call of the training function; divides the two.
    """

    epochs: int
    steps_per_epoch: int
    validation_steps: int
    steps_per_execution: int

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self.epochs * self.steps_per_epoch


def plan(config: TrainingConfig, rows: int, validation_rows: int, replicas: int = 1) -> Plan:
    """Returns how long to train on a split.

    Keras has no shorter execution at the end of an epoch, so steps are cut into executions of equal length. The steps
    that make a pass may become up to 1 % more where that allows more of them in one execution, and the validation
    smaller batches.

    Args:
        config: The training.
        rows: Rows of the training split.
        validation_rows: Rows of the validation split.
        replicas: How many replicas share a batch.

    Example:
        A pass over 10,051 rows takes 251 steps of 40, a prime number; 252 steps are 18 executions of 14.

        >>> from components.trainer.config import ModelConfig
        >>> config = TrainingConfig(ModelConfig("model.build"), label="y", loss="huber", batch_size=40, epochs=2)
        >>> plan(config, rows=10_051, validation_rows=4_951)
        Plan(epochs=2, steps_per_epoch=252, validation_steps=14, steps_per_execution=14)
    """
    one_pass = max(1, round(rows / config.batch_size))
    choices: Iterable[int] = range(one_pass, one_pass + one_pass // 100 + 1)
    if config.steps_per_epoch is not None:
        choices = [config.steps_per_epoch]
    most = max(1, validation_rows // replicas)
    fewest = min(most, math.ceil(validation_rows / config.eval_batch_size))
    # Keras's loop over several steps fails in TensorFlow 2.21 as soon as there is a second replica ("You must feed a
    # value for placeholder tensor 'while/cond/Placeholder'").
    most_at_once = config.steps_per_execution if replicas == 1 else 1
    executed = [
        (at_once, -steps)
        for steps in choices
        for at_once in range(1, most_at_once + 1)
        if steps % at_once == 0 and _rounded_up(fewest, at_once) <= most
    ]
    at_once, steps = max(executed)
    return Plan(config.epochs, -steps, _rounded_up(fewest, at_once), at_once)


def _rounded_up(number: int, multiple: int) -> int:
    return math.ceil(number / multiple) * multiple


def compile_model(model: keras.Model, config: TrainingConfig, plan: Plan) -> None:
    """Gives a model its optimizer, loss and metrics; to be called in the strategy's scope."""
    optimizer = optimizers.create(config.optimizer, plan.total_steps)
    model.compile(
        optimizer=LossScale(optimizer) if config.mixed_precision else optimizer,
        loss=create_loss(config),
        # With the weights of the examples, where batches have any.
        weighted_metrics=create_metrics(config),
        steps_per_execution=plan.steps_per_execution,
    )


def create_loss(config: TrainingConfig) -> keras.losses.Loss:
    """Returns the loss; its name may be that of the Keras class."""
    smoothing: dict[str, Any] = {} if config.label_smoothing is None else {"label_smoothing": config.label_smoothing}
    return losses.create(snake_case(config.loss), **smoothing)


def create_metrics(config: TrainingConfig) -> list[keras.metrics.Metric]:
    """Returns the metrics, each under its name in snake case whatever else was created in the process."""
    created = [metrics.create(snake_case(name)) for name in config.metrics]
    for name, metric in zip(config.metrics, created, strict=True):
        metric.name = snake_case(name)
    return created


def snake_case(name: str) -> str:
    """Returns the name of a class as Keras names its instances.

    Example:
        >>> snake_case("BinaryAccuracy"), snake_case("AUC"), snake_case("R2Score")
        ('binary_accuracy', 'auc', 'r2_score')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def fit(
    model: keras.Model,
    train: Split,
    validation: Split,
    config: TrainingConfig,
    plan: Plan,
    callbacks: list[keras.callbacks.Callback],
    first_epoch: int = 0,
) -> dict[str, list[Any]]:
    """Trains a compiled model.

    Args:
        model: The model.
        train: The training split.
        validation: The split that is measured after each epoch.
        config: The training.
        plan: How long it is.
        callbacks: What watches it.
        first_epoch: The epoch to go on with, counted from 0.

    Returns:
        Name to value of each epoch: losses, metrics and the learning rate.
    """
    prepare(model, validation, config)
    history = model.fit(
        train.training(config.batch_size, config.seed, first_step=first_epoch * plan.steps_per_epoch),
        validation_data=validation.evaluation(plan.validation_steps),
        epochs=plan.epochs,
        steps_per_epoch=plan.steps_per_epoch,
        validation_steps=plan.validation_steps,
        initial_epoch=first_epoch,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )
    return dict(history.history)


def prepare(model: keras.Model, split: Split, config: TrainingConfig) -> None:
    """Makes a compiled model ready for a loop.

    Creates the variables of a subclassed model and of the optimizer, which going on with a training needs, and gives
    the weights that decay the L2 of the configuration.

    Args:
        model: The model.
        split: Rows that it can take.
        config: The training.
    """
    with model.distribute_strategy.scope():
        if not model.built:
            features, *_ = next(iter(split.evaluation(split.rows)))
            model(features)
        model.optimizer.build(model.trainable_variables)
    for variable in model.trainable_variables if config.l2 else ():
        if optimizers.decays(variable) and variable.regularizer is None:
            variable.regularizer = keras.regularizers.L2(config.l2)
