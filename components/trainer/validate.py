"""What is wrong with a training configuration, said before any data are read or any node is launched."""

import importlib.util
import inspect

import keras

from components.errors import UsageError, did_you_mean
from components.import_path import resolve
from components.trainer import consistency, objective, recipe, recipe_config, schedule_config, strategy, tracker_config
from components.trainer.config import ModelConfig, TrainingConfig
from components.trainer.validate_outputs import check_outputs, check_targets


def validate(config: TrainingConfig) -> None:
    """Checks everything about a configuration that can be checked without data.

    Args:
        config: The configuration.

    Raises:
        UsageError: A number is out of range, a name does not exist, the batch is smaller than the number of replicas,
            the monitored metric will not be there or is watched in the wrong direction, or a package is missing.
    """
    consistency.check(config)
    check_replicas(config, strategy.replicas(config.strategy))
    _check_model(config.model)
    check_targets(config)
    _check_monitor(config)
    if config.steps_per_epoch is not None:
        check_schedules(config, config.steps_per_epoch)
    if config.callbacks.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise UsageError(
            "TensorBoard's scalars need the package `tensorboard`.",
            received="callbacks.tensorboard=True",
            fix="Run `pip install tensorboard`, or set training.callbacks.tensorboard=false.",
        )
    tracker_config.check(config.trackers, config.mlflow)


def check_replicas(config: TrainingConfig, replicas: int) -> None:
    """Raises a UsageError unless a batch has a row for each replica, and as many for each of its micro-batches."""
    for name in ("batch_size", "eval_batch_size"):
        if getattr(config, name) < replicas:
            raise UsageError(
                "A batch must hold a row for each replica.",
                received=f"{name}={getattr(config, name)} for {replicas} replicas",
                fix=f"Set training.{name} to a multiple of {replicas}.",
            )
    if config.jit_compile and replicas > 1:
        raise UsageError(
            "XLA compiles the step of a single replica.",
            received=f"jit_compile=True on {replicas} replicas",
            fix="Set training.jit_compile=false, or training.strategy=default.",
        )
    if config.loop == "fit" and config.batch_size % replicas:
        # It averages over replicas as if their shares were of one size.
        raise UsageError(
            "Keras's loop needs batches that replicas share evenly.",
            received=f"batch_size={config.batch_size} for {replicas} replicas",
            fix=f"Set training.batch_size to a multiple of {replicas}, or training.loop=custom.",
        )
    shares = config.accumulation * replicas
    if config.accumulation > 1 and config.batch_size % shares:
        raise UsageError(
            "Accumulation must cut a batch into micro-batches of equal size for each replica.",
            received=f"batch_size={config.batch_size}, accumulation={config.accumulation} on {replicas} replicas",
            fix=f"Set training.batch_size to a multiple of {shares}.",
        )


def check_model(model: keras.Model, config: TrainingConfig) -> None:
    """Checks all about a model that needs no data; a subclassed one, which has no variables yet, cannot be asked.

    Raises:
        UsageError: Its outputs are not those of the training, or the recipe does not fit its variables.
    """
    check_outputs(model, config)
    if config.recipe and model.built:
        recipe.check(model, config.recipe)


def check_schedules(config: TrainingConfig, steps_per_epoch: int) -> None:
    """Raises a UsageError unless every schedule fits in its stage.

    Args:
        config: The training.
        steps_per_epoch: Optimizer steps of an epoch.
    """
    recipe_config.check_schedules(config.recipe, steps_per_epoch)
    if isinstance(config.optimizer.learning_rate, schedule_config.Schedule):
        config.optimizer.learning_rate.resolved(config.total_epochs * steps_per_epoch)


def _check_model(model: ModelConfig) -> None:
    build = resolve(model.build, "training.model.build")
    parameters = inspect.signature(build).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    known = list(parameters)[1:]
    for name in model.params:
        if name not in known:
            raise UsageError(
                f"`{model.build}` must take every entry of training.model.params.",
                received=name,
                fix=did_you_mean(name, known),
            )


def _check_monitor(config: TrainingConfig) -> None:
    callbacks, directions = config.callbacks, objective.directions(config)
    known = [f"{prefix}{name}" for prefix in ("", "val_") for name in directions]
    if callbacks.monitor not in known:
        raise UsageError(
            "The monitored metric must be a loss or a metric of the training, or that with `val_` before it.",
            received=f"monitor={callbacks.monitor}",
            fix=did_you_mean(callbacks.monitor, known),
        )
    direction = directions[callbacks.monitor.removeprefix("val_")]
    mode = {"up": "max", "down": "min"}.get(direction or "", callbacks.mode)
    if mode != callbacks.mode:
        raise UsageError(
            f"A better `{callbacks.monitor}` is a {'higher' if mode == 'max' else 'lower'} one.",
            received=f"mode={callbacks.mode}",
            fix=f"Set training.callbacks.mode={mode}.",
        )
