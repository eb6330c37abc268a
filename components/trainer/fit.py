"""Training with Keras's own loop."""

from typing import Any

import keras

from components.trainer import objective, optimizers
from components.trainer.class_weights import ClassWeights
from components.trainer.config import TrainingConfig
from components.trainer.guarded_optimizer import GuardedOptimizer, guarded
from components.trainer.input_pipeline import Split
from components.trainer.input_wait import InputWait
from components.trainer.output_losses import OutputLosses
from components.trainer.plan import Plan


def compile_model(
    model: keras.Model,
    config: TrainingConfig,
    plan: Plan,
    optimizer: keras.optimizers.Optimizer | None = None,
    class_weights: ClassWeights | None = None,
) -> None:
    """Gives a model its optimizer, losses and metrics; to be called in the strategy's scope.

    Args:
        model: The model.
        config: The training.
        plan: How long it is.
        optimizer: The optimizer; None takes that of the configuration.
        class_weights: The weights of the classes by output, of those that have any.
    """
    optimizer = optimizer or optimizers.create(config.optimizer, plan.total_steps)
    losses = objective.create_losses(config, class_weights)
    loss_weights = {name: output.loss_weight for name, output in config.outputs.items()}
    if config.checks_each_step:
        optimizer = GuardedOptimizer(optimizer, config.guard.skip, config.mixed_precision)
    model.compile(
        optimizer=optimizer,
        loss=losses,
        loss_weights=loss_weights or None,
        # With the weights of the examples, where batches have any.
        weighted_metrics=objective.create_metrics(config),
        steps_per_execution=plan.steps_per_execution,
        jit_compile=config.jit_compile,
    )
    if config.outputs:
        model._compile_loss = OutputLosses(losses, loss_weights, output_names=model._compile_loss.output_names)


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
        Name to value of each epoch: losses, metrics, the learning rate and `input_wait`.
    """
    prepare(model, validation, config)
    # An attribute of the instance stands before the method of its class.
    model.train_step = guarded(model, type(model).train_step.__get__(model))
    wait = InputWait()
    with wait.measuring(model):
        history = model.fit(
            train.training(config.batch_size, config.seed, first_step=first_epoch * plan.steps_per_epoch),
            validation_data=validation.evaluation(plan.validation_steps),
            epochs=plan.epochs,
            steps_per_epoch=plan.steps_per_epoch,
            validation_steps=plan.validation_steps,
            initial_epoch=first_epoch,
            callbacks=[wait, *callbacks],
            shuffle=False,
            verbose=0,
        )
    return dict(history.history)


def prepare(model: keras.Model, split: Split, config: TrainingConfig) -> None:
    """Makes a compiled model ready for a loop.

    Creates the variables of a subclassed model, of the optimizer, which going on with a training needs, and of the
    metrics, and gives the weights that decay the L2 of the configuration.

    Args:
        model: The model.
        split: Rows that it can take.
        config: The training.
    """
    build(model, split)
    with model.distribute_strategy.scope():
        # A LossScaleOptimizer that is built again forgets its scale.
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        # Some metrics make their variables when they see the first batch, and on a replica that would be too late.
        model._symbolic_build(data_batch=next(iter(split.evaluation(split.rows))))
    for variable in model.trainable_variables if config.l2 else ():
        if optimizers.decays(variable) and variable.regularizer is None:
            variable.regularizer = keras.regularizers.L2(config.l2)


def build(model: keras.Model, split: Split) -> None:
    """Creates the variables of a model that has none yet, as a subclassed one before it has seen a batch.

    Args:
        model: The model.
        split: Rows that it can take.
    """
    if not model.built:
        with model.distribute_strategy.scope():
            features, *_ = next(iter(split.evaluation(split.rows)))
            model(features)
