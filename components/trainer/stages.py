"""A training as its stages, one after the other: those of the recipe, or a single one of everything at one rate.

Each stage is a training of its own, with an optimizer of its own, to which early stopping and the plateau begin anew.
What goes on are the weights of the stage's best epoch, the state of the optimizer for what is trained in both stages,
the order of the batches, the epochs' numbers, and the history.
"""

import dataclasses
import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from components.trainer import class_weights, fit, group_optimizer, loop, optimizers, recipe
from components.trainer.checkpoint import Checkpoint
from components.trainer.class_weights import ClassWeights
from components.trainer.config import TrainingConfig
from components.trainer.input_pipeline import Split
from components.trainer.plan import Plan

LOOPS = {"fit": fit.fit, "custom": loop.fit}

_log = logging.getLogger(__name__)


class Course(NamedTuple):
    """How a training went.

    Args:
        history: Name to value of each epoch.
        stages: The first epoch of each stage, counted from 0.
    """

    history: dict[str, list[Any]]
    stages: tuple[int, ...]


def train(
    model: keras.Model,
    train: Split,
    validation: Split,
    config: TrainingConfig,
    plan: Plan,
    callbacks: Sequence[keras.callbacks.Callback],
    saved: Checkpoint | None = None,
) -> Course:
    """Trains a model through all stages, or through those that an earlier attempt has left.

    Args:
        model: The model, not compiled.
        train: The training split.
        validation: The split that is measured after each epoch.
        config: The training.
        plan: How long it is.
        callbacks: What watches it, with a `keras.callbacks.History` among them. One with a method `on_stage_begin` is
            told the keywords `stage` (from 0), `stages`, `first_epoch` (from 0) and `epochs` (planned in all).
        saved: What an earlier attempt has left, also among the callbacks; None where nothing is kept.

    Raises:
        UsageError: The recipe does not fit the model, or class weights not the labels.
    """
    fit.build(model, validation)
    if config.recipe:
        recipe.check(model, config.recipe)
    weights = class_weights.of_outputs(config, train)
    lengths = config.stage_epochs
    began = list(saved.stages) if saved else []
    done = saved.first_epoch if saved else 0
    before = None
    for stage in range(max(len(began) - 1, 0), len(lengths)):
        began[stage:] = began[stage : stage + 1] or [done]
        own = dataclasses.replace(plan, epochs=began[stage] + lengths[stage])
        _tell(callbacks, stage, began[stage], lengths)
        _compile(model, config, own, stage, weights, before)
        history = LOOPS[config.loop](model, train, validation, config, own, list(callbacks), done)
        done, before = len(history["loss"]), model.optimizer
    return Course(history, tuple(began))


def _tell(callbacks: Sequence[keras.callbacks.Callback], stage: int, first_epoch: int, lengths: Sequence[int]) -> None:
    epochs = first_epoch + sum(lengths[stage:])
    if len(lengths) > 1:
        _log.info("Stage %s of %s: epochs %s to %s at most", stage + 1, len(lengths), first_epoch + 1, epochs)
    for callback in callbacks:
        if hook := getattr(callback, "on_stage_begin", None):
            hook(stage=stage, stages=len(lengths), first_epoch=first_epoch, epochs=epochs)


def _compile(
    model: keras.Model,
    config: TrainingConfig,
    plan: Plan,
    stage: int,
    weights: ClassWeights,
    before: keras.optimizers.Optimizer | None,
) -> None:
    """Compiles a model for a stage, with what the optimizer before has kept."""
    steps = config.stage_epochs[stage] * plan.steps_per_epoch
    with model.distribute_strategy.scope():
        if config.recipe:
            groups = recipe.apply(model, config.recipe, stage)
            optimizer: keras.optimizers.Optimizer = group_optimizer.create(groups, config.optimizer, steps)
        else:
            optimizer = optimizers.create(config.optimizer, steps)
        fit.compile_model(model, config, plan, optimizer, weights)
        if before is not None:
            group_optimizer.carry(before, model)
