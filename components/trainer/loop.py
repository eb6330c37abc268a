"""Training with a loop of our own, to be read from top to bottom and changed where a model needs something else.

It takes the steps of `fit.fit` and does what `fit` cannot: add up the gradients of micro-batches before a step is
taken, and average over the global batch even where replicas get shares of different size.
"""

import time
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from components.trainer import fit as keras_fit
from components.trainer.config import TrainingConfig
from components.trainer.guarded_optimizer import guarded
from components.trainer.input_pipeline import Split
from components.trainer.input_wait import InputWait
from components.trainer.plan import Plan

Step = Callable[[list[Any]], None]
Execution = Callable[[Any], dict[str, Any]]


def fit(
    model: keras.Model,
    train: Split,
    validation: Split,
    config: TrainingConfig,
    plan: Plan,
    callbacks: list[keras.callbacks.Callback],
    first_epoch: int = 0,
) -> dict[str, list[Any]]:
    """Trains a compiled model, as `fit.fit` does.

    Args:
        model: The model.
        train: The training split.
        validation: The split that is measured after each epoch.
        config: The training.
        plan: How long it is.
        callbacks: What watches it: any callbacks of Keras.
        first_epoch: The epoch to go on with, counted from 0.

    Returns:
        Name to value of each epoch: losses, metrics, the learning rate, `input_wait`, and `examples_per_second` in
        training, which in the first epoch includes building the functions.
    """
    keras_fit.prepare(model, validation, config)
    wait = InputWait()
    watching = keras.callbacks.CallbackList(
        [wait, *callbacks], add_history=True, model=model, epochs=plan.epochs, steps=plan.steps_per_epoch
    )
    # A batch is read as its micro-batches, which hold the same rows in the same order.
    first_batch = first_epoch * plan.steps_per_epoch * config.accumulation
    dataset = train.training(config.batch_size // config.accumulation, config.seed, first_batch)
    batches = wait.measured(_distributed(model, dataset))
    validation_batches = _distributed(model, validation.evaluation(plan.validation_steps))
    train_step = guarded(model, _training_step(model))
    train_execution = _execution(model, train_step, plan.steps_per_execution, config.accumulation)
    test_execution = _execution(model, _test_step(model), plan.steps_per_execution)

    model.stop_training = False
    watching.on_train_begin()
    logs = None
    for epoch in range(first_epoch, plan.epochs):
        watching.on_epoch_begin(epoch)
        logs = _train(model, train_execution, batches, config, plan, watching)
        logs |= _test(model, test_execution, validation_batches, plan, watching)
        watching.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    watching.on_train_end(logs)
    return dict(model.history.history)


def take_steps(model: keras.Model, train: Split, config: TrainingConfig, first: int, steps: int) -> None:
    """Takes some of the steps that `fit` takes, without callbacks.

    Args:
        model: A compiled and built model.
        train: The training split.
        config: The training.
        first: The first step, counted from 0 in the whole training.
        steps: How many.
    """
    accumulation = config.accumulation
    dataset = train.training(config.batch_size // accumulation, config.seed, first * accumulation)
    batches = _distributed(model, dataset)
    execute = _execution(model, guarded(model, _training_step(model)), 1, accumulation)
    for _ in range(steps):
        execute(batches)


def _training_step(model: keras.Model) -> Step:
    """Returns one optimizer step of one replica."""
    replicas = model.distribute_strategy.num_replicas_in_sync

    def gradients(batch: Any, all_rows: tf.Tensor) -> list[Any]:
        with tf.GradientTape() as tape:
            loss, rows = _forward(model, batch, training=True)
            # Weighted with their share of the global batch, means over shares of any size add up to its mean.
            share = loss * (rows / all_rows)
            # Small gradients vanish in float16: mixed precision scales them up here, and down again in `apply`.
            scaled = model.optimizer.scale_loss(share)
        return tape.gradient(scaled, model.trainable_variables)

    def step(micro_batches: list[Any]) -> None:
        all_rows = tf.add_n([_rows(batch) for batch in micro_batches])
        if replicas > 1:
            all_rows = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, all_rows)
        total = gradients(micro_batches[0], all_rows)
        for batch in micro_batches[1:]:
            # One after the other: all at once would take the memory of the whole batch.
            with tf.control_dependencies([gradient for gradient in total if gradient is not None]):
                total = [_add(*pair) for pair in zip(total, gradients(batch, all_rows), strict=True)]
        # Adds the gradients up over the replicas, clips the sum by its global norm, decays the weights, and moves them:
        # none of it if a loss or a gradient is not finite.
        model.optimizer.apply(total, model.trainable_variables)

    return step


def _test_step(model: keras.Model) -> Step:
    """Returns one step of the validation of one replica."""

    def step(batches: list[Any]) -> None:
        _forward(model, batches[0], training=False)

    return step


def _forward(model: keras.Model, batch: Any, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Counts the loss and the metrics of a replica's batch; returns the mean loss over its rows, and their number."""
    features, labels, weights = keras.utils.unpack_x_y_sample_weight(batch)
    outputs = model(features, training=training)
    # Keras has divided it by the number of replicas, which gives the global mean only if all have as many rows.
    loss = model.compute_loss(features, labels, outputs, weights, training=training)
    loss *= model.distribute_strategy.num_replicas_in_sync
    rows = _rows(batch)
    next(metric for metric in model.metrics if metric.name == "loss").update_state(loss, sample_weight=rows)
    model.compute_metrics(features, labels, outputs, weights)
    return loss, rows


def _rows(batch: Any) -> tf.Tensor:
    _, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
    return tf.cast(tf.shape(tf.nest.flatten(labels)[0])[0], tf.float32)


def _add(one: Any, other: Any) -> Any:
    # The gradient of an embedding is a list of rows, which has no `+`; of what the loss does not see, it is None.
    return None if one is None else tf.convert_to_tensor(one) + tf.convert_to_tensor(other)


def _execution(model: keras.Model, step: Step, steps: int, micro_batches: int = 1) -> Execution:
    """Returns the function that takes some steps on all replicas and says what the metrics are then.

    It goes through Python once, however many steps it takes.
    """

    # AutoGraph has nothing to convert in a model and takes its time to find out.
    @tf.function(autograph=False, jit_compile=model.jit_compile, reduce_retracing=True)
    def on_replicas(batches: list[Any]) -> None:
        model.distribute_strategy.run(tf.autograph.experimental.do_not_convert(step), args=(batches,))

    @tf.function(autograph=False)
    def execute(batches: Any) -> dict[str, Any]:
        def one_step(done: tf.Tensor) -> tuple[tf.Tensor]:
            on_replicas([batches.get_next() for _ in range(micro_batches)])
            return (done + 1,)

        if steps == 1:
            one_step(tf.constant(0))
        else:
            tf.while_loop(lambda done: done < steps, one_step, (tf.constant(0),), parallel_iterations=1)
        # Outside of the replicas, a metric is what they have counted together.
        return dict(model.get_metrics_result())

    return execute


def _train(
    model: keras.Model,
    execute: Execution,
    batches: Any,
    config: TrainingConfig,
    plan: Plan,
    watching: keras.callbacks.CallbackList,
) -> dict[str, float]:
    """Trains for an epoch; returns the metrics and how fast it was."""
    model.reset_metrics()
    began, logs, done = time.perf_counter(), {}, 0
    while done < plan.steps_per_epoch and not model.stop_training:
        watching.on_train_batch_begin(done)
        logs = execute(batches)
        done += plan.steps_per_execution
        watching.on_train_batch_end(done - 1, logs)
    # To read a number waits for the device, so the clock is stopped afterwards.
    measured = _numbers(logs)
    speed = done * config.batch_size / (time.perf_counter() - began)
    return {**measured, "examples_per_second": speed}


def _test(
    model: keras.Model, execute: Execution, batches: Any, plan: Plan, watching: keras.callbacks.CallbackList
) -> dict[str, float]:
    """Measures the validation split; returns its metrics as `val_...`."""
    model.reset_metrics()
    watching.on_test_begin()
    logs: dict[str, Any] = {}
    for first in range(0, plan.validation_steps, plan.steps_per_execution):
        watching.on_test_batch_begin(first)
        logs = execute(batches)
        watching.on_test_batch_end(first + plan.steps_per_execution - 1, logs)
    measured = _numbers(logs)
    watching.on_test_end(measured)
    return {f"val_{name}": value for name, value in measured.items()}


def _numbers(logs: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in logs.items()}


def _distributed(model: keras.Model, dataset: tf.data.Dataset) -> Any:
    """Returns the batches, of which every replica gets its share."""
    return iter(model.distribute_strategy.experimental_distribute_dataset(dataset))
