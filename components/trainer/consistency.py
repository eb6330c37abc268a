"""What contradicts itself in a training configuration: all that can be said of it without TensorFlow, and at once."""

from components.errors import UsageError
from components.trainer import schedule_config
from components.trainer.config import CallbacksConfig, TrainingConfig


def check(config: TrainingConfig) -> None:
    """Raises a UsageError for a number that is out of range, and for settings of which only one can be meant.

    Args:
        config: The configuration.

    Example:
        >>> from components.trainer.config import ModelConfig
        >>> check(TrainingConfig(ModelConfig("model.build"), label="y", batch_size=0))
        Traceback (most recent call last):
        components.errors.UsageError: `training.batch_size` must be at least 1. Received: batch_size=0.
    """
    check_numbers(config)
    _check_loop(config)
    _check_recipe(config)
    _check_plateau(config)
    _check_histograms(config.callbacks)


def check_numbers(config: TrainingConfig) -> None:
    """Raises a UsageError for a number that is out of range."""
    positive = ("batch_size", "eval_batch_size", "steps_per_execution", "shuffle_buffer", "accumulation")
    for name in (*positive, "epochs", "steps_per_epoch"):
        value = getattr(config, name)
        if value is not None and value < 1:
            raise UsageError(f"`training.{name}` must be at least 1.", received=f"{name}={value}")
    if config.memory_mb < 0:
        raise UsageError("`training.memory_mb` must not be negative.", received=f"memory_mb={config.memory_mb}")
    config.input.check()
    if config.guard.skip < 0:
        raise UsageError("`training.guard.skip` must not be negative.", received=f"skip={config.guard.skip}")
    if not 0 <= config.seed < 2**32:
        raise UsageError("`training.seed` must be a number of 32 bits.", received=f"seed={config.seed}")


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


def _check_recipe(config: TrainingConfig) -> None:
    if not config.recipe:
        return
    if config.epochs is not None:
        raise UsageError(
            "Either the stages of a recipe or `training.epochs` say how long to train.",
            received=f"epochs={config.epochs} and a recipe of {len(config.recipe)} stages",
            fix="Set training.epochs=null.",
        )
    if isinstance(config.optimizer.learning_rate, schedule_config.Schedule):
        raise UsageError(
            "The rules of a recipe give the learning rates.",
            received=f"optimizer.learning_rate={config.optimizer.learning_rate.kind} and a recipe",
            fix="Put the schedule into a rule, and leave training.optimizer.learning_rate out.",
        )


def _check_plateau(config: TrainingConfig) -> None:
    callbacks = config.callbacks
    if callbacks.plateau_patience is None:
        return
    if not 0 < callbacks.plateau_factor < 1:
        raise UsageError(
            "`plateau_factor` must be between 0 and 1.", received=f"plateau_factor={callbacks.plateau_factor}"
        )
    rates = [rule.learning_rate for stage in config.recipe for rule in stage.rules] or [config.optimizer.learning_rate]
    if any(isinstance(rate, schedule_config.Schedule) for rate in rates):
        raise UsageError(
            "Either a schedule or a plateau decides on the learning rate.",
            received=f"plateau_patience={callbacks.plateau_patience} and a schedule",
            fix="Set training.callbacks.plateau_patience=null, or give constant rates.",
        )


def _check_histograms(callbacks: CallbacksConfig) -> None:
    if callbacks.histograms is None:
        return
    if callbacks.histograms < 1:
        raise UsageError(
            "`training.callbacks.histograms` must be at least 1.", received=f"histograms={callbacks.histograms}"
        )
    if not callbacks.tensorboard:
        raise UsageError(
            "Histograms are written for TensorBoard.",
            received=f"histograms={callbacks.histograms}, tensorboard=False",
            fix="Set training.callbacks.tensorboard=true, or training.callbacks.histograms=null.",
        )
