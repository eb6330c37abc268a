"""What is wrong with a training configuration, said before any data are read or any node is launched."""

import importlib.util
import inspect
from typing import Any

import keras

from components.errors import UsageError, did_you_mean
from components.import_path import resolve
from components.trainer import losses, schedule_config, strategy
from components.trainer.config import CallbacksConfig, ModelConfig, TrainingConfig
from components.trainer.fit import create_loss, create_metrics, snake_case


def validate(config: TrainingConfig) -> None:
    """Checks everything about a configuration that can be checked without data.

    Args:
        config: The configuration.

    Raises:
        UsageError: A number is out of range, a name does not exist, the batch is smaller than the number of replicas,
            the monitored metric will not be there or is watched in the wrong direction, or a package is missing.
    """
    _check_numbers(config)
    _check_model(config.model)
    _check_smoothing(config)
    _check_loop(config)
    create_loss(config)
    _check_monitor(config.callbacks, create_metrics(config))
    _check_plateau(config)
    if config.callbacks.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise UsageError(
            "TensorBoard's scalars need the package `tensorboard`.",
            received="callbacks.tensorboard=True",
            fix="Run `pip install tensorboard`, or set training.callbacks.tensorboard=false.",
        )


def _check_numbers(config: TrainingConfig) -> None:
    positive = ("batch_size", "eval_batch_size", "epochs", "steps_per_execution", "shuffle_buffer", "accumulation")
    for name in (*positive, *(("steps_per_epoch",) if config.steps_per_epoch is not None else ())):
        value = getattr(config, name)
        if value < 1:
            raise UsageError(f"`training.{name}` must be at least 1.", received=f"{name}={value}")
    if config.memory_mb < 0:
        raise UsageError("`training.memory_mb` must not be negative.", received=f"memory_mb={config.memory_mb}")
    if not 0 <= config.seed < 2**32:
        raise UsageError("`training.seed` must be a number of 32 bits.", received=f"seed={config.seed}")
    check_replicas(config, strategy.replicas(config.strategy))


def check_replicas(config: TrainingConfig, replicas: int) -> None:
    """Raises a UsageError unless a batch has a row for each replica, and as many for each of its micro-batches."""
    for name in ("batch_size", "eval_batch_size"):
        if getattr(config, name) < replicas:
            raise UsageError(
                "A batch must hold a row for each replica.",
                received=f"{name}={getattr(config, name)} for {replicas} replicas",
                fix=f"Set training.{name} to a multiple of {replicas}.",
            )
    shares = config.accumulation * replicas
    if config.accumulation > 1 and config.batch_size % shares:
        raise UsageError(
            "Accumulation must cut a batch into micro-batches of equal size for each replica.",
            received=f"batch_size={config.batch_size}, accumulation={config.accumulation} on {replicas} replicas",
            fix=f"Set training.batch_size to a multiple of {shares}.",
        )


def check_outputs(model: keras.Model) -> None:
    """Raises a UsageError unless a model gives what is precise enough for a loss; a subclassed one cannot be asked."""
    for output in keras.tree.flatten(getattr(model, "outputs", None) or []):
        if keras.backend.standardize_dtype(output.dtype) in ("float16", "bfloat16"):
            raise UsageError(
                "The outputs of a model in mixed precision must be float32.",
                received=f"{output.name} is {output.dtype}",
                fix='Give the layers that make them dtype="float32".',
            )


def _check_loop(config: TrainingConfig) -> None:
    if config.accumulation > 1 and config.loop == "fit":
        raise UsageError(
            "Only the custom loop adds up the gradients of micro-batches.",
            received=f"accumulation={config.accumulation}, loop=fit",
            fix="Set training.loop=custom, or training.accumulation=1.",
        )
    if config.l2 is None:
        return
    if config.l2 < 0:
        raise UsageError("`training.l2` must not be negative.", received=f"l2={config.l2}")
    # AdamW decays by 0.004 unless it is told otherwise.
    if config.optimizer.weight_decay or (config.optimizer.name == "adamw" and config.optimizer.weight_decay is None):
        raise UsageError(
            "Either L2 or the optimizer's weight decay makes weights smaller.",
            received=f"l2={config.l2}, optimizer={config.optimizer.name}, weight_decay={config.optimizer.weight_decay}",
            fix="Set training.l2=null, or training.optimizer.weight_decay=0.",
        )


def _check_smoothing(config: TrainingConfig) -> None:
    smoothing, loss = config.label_smoothing, snake_case(config.loss)
    if smoothing is None:
        return
    if not 0 <= smoothing < 1:
        raise UsageError(
            "`training.label_smoothing` must be at least 0 and less than 1.", received=f"label_smoothing={smoothing}"
        )
    able = losses.with_argument("label_smoothing")
    if loss not in able:
        raise UsageError(
            "The loss must be one that smooths labels.",
            received=f"loss={loss}, label_smoothing={smoothing}",
            fix=f"Take {', '.join(able)}, or set training.label_smoothing=null.",
        )


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


def _check_monitor(callbacks: CallbacksConfig, measured: list[Any]) -> None:
    directions = {"loss": "down", **{metric.name: getattr(metric, "_direction", None) for metric in measured}}
    known = [f"{prefix}{name}" for prefix in ("", "val_") for name in directions]
    if callbacks.monitor not in known:
        raise UsageError(
            "The monitored metric must be the loss or one of training.metrics, or that with `val_` before it.",
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


def _check_plateau(config: TrainingConfig) -> None:
    callbacks = config.callbacks
    if callbacks.plateau_patience is None:
        return
    if not 0 < callbacks.plateau_factor < 1:
        raise UsageError(
            "`plateau_factor` must be between 0 and 1.", received=f"plateau_factor={callbacks.plateau_factor}"
        )
    if isinstance(config.optimizer.learning_rate, schedule_config.Schedule):
        raise UsageError(
            "Either a schedule or a plateau decides on the learning rate.",
            received=f"plateau_patience={callbacks.plateau_patience} and a schedule",
            fix="Set training.callbacks.plateau_patience=null, or give a constant rate.",
        )
