"""Keras learning-rate schedules from their configuration.

>>> from components.trainer.schedule_config import Cosine
>>> schedule = create(Cosine(learning_rate=0.1, warmup_steps=10), total_steps=100)
>>> round(float(schedule(5)), 3), round(float(schedule(10)), 3), round(float(schedule(100)), 3)
(0.05, 0.1, 0.0)
"""

from typing import Any

import keras
from keras import ops
from keras.optimizers import schedules as keras_schedules

from components.trainer import schedule_config
from components.trainer.schedule_config import LearningRate


@keras.saving.register_keras_serializable(package="slipway")
class WarmUp(keras_schedules.LearningRateSchedule):
    """Puts a linear warm-up before any schedule, which then counts its steps from the end of the warm-up.

    Args:
        after: The schedule that follows; the warm-up ends at its first rate.
        warmup_steps: Steps of the warm-up, at least one.
        warmup_from: Rate of the very first step.
    """

    def __init__(self, after: keras_schedules.LearningRateSchedule, warmup_steps: int, warmup_from: float = 0.0):
        super().__init__()
        self.after, self.warmup_steps, self.warmup_from = after, warmup_steps, warmup_from

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        fraction = step / self.warmup_steps
        warmup = self.warmup_from + (self.after(0) - self.warmup_from) * fraction
        return ops.where(fraction < 1, warmup, self.after(ops.maximum(step - self.warmup_steps, 0)))

    def get_config(self) -> dict[str, Any]:
        return {
            "after": keras_schedules.serialize(self.after),
            "warmup_steps": self.warmup_steps,
            "warmup_from": self.warmup_from,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "WarmUp":
        return cls(**{**config, "after": keras_schedules.deserialize(config["after"])})


@keras.saving.register_keras_serializable(package="slipway")
class InverseSquareRoot(keras_schedules.LearningRateSchedule):
    """Linear warm-up, then the inverse square root of the step, which counts from 1 (Vaswani et al. 2017).

    Args:
        learning_rate: The peak, reached at the end of the warm-up.
        warmup_steps: Steps of the warm-up, at least one.
    """

    def __init__(self, learning_rate: float, warmup_steps: int = 4000):
        super().__init__()
        self.learning_rate, self.warmup_steps = learning_rate, warmup_steps

    def __call__(self, step: Any) -> Any:
        number = ops.cast(step, "float32") + 1.0
        return self.learning_rate * ops.minimum(number / self.warmup_steps, ops.sqrt(self.warmup_steps / number))

    def get_config(self) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate, "warmup_steps": self.warmup_steps}


def create(learning_rate: LearningRate, total_steps: int | None = None) -> float | keras_schedules.LearningRateSchedule:
    """Returns what a Keras optimizer takes as its learning rate.

    Args:
        learning_rate: A constant rate or a schedule.
        total_steps: Optimizer steps of the whole training; None where nobody knows, then the schedule must say
            how long it runs.

    Returns:
        The constant, or the Keras schedule, which can be saved with the optimizer.

    Raises:
        UsageError: A rate is not positive, or the schedule has no steps to run over.
    """
    schedule_config.check(learning_rate)
    if not isinstance(learning_rate, schedule_config.Schedule):
        return float(learning_rate)
    config = learning_rate.resolved(total_steps)
    schedule = _bare(config)
    if isinstance(config, schedule_config.Decay) and config.warmup_steps:
        return WarmUp(schedule, config.warmup_steps, config.warmup_from)
    return schedule


def _bare(config: schedule_config.Schedule) -> keras_schedules.LearningRateSchedule:
    match config:
        case schedule_config.Exponential(learning_rate=rate, decay_steps=steps):
            return keras_schedules.ExponentialDecay(rate, steps, config.decay_rate, config.staircase)
        case schedule_config.Polynomial(learning_rate=rate, decay_steps=steps):
            return keras_schedules.PolynomialDecay(rate, steps, config.end_learning_rate, config.power, config.cycle)
        case schedule_config.CosineRestarts(learning_rate=rate, decay_steps=steps):
            return keras_schedules.CosineDecayRestarts(rate, steps, config.t_mul, config.m_mul, config.alpha)
        case schedule_config.Cosine(learning_rate=rate, decay_steps=steps):
            return keras_schedules.CosineDecay(rate, steps, config.alpha)
        case schedule_config.Piecewise(boundaries=boundaries, values=values):
            return keras_schedules.PiecewiseConstantDecay(list(boundaries), list(values))
        case schedule_config.InverseSquareRoot(learning_rate=rate, warmup_steps=steps):
            return InverseSquareRoot(rate, steps)
    raise TypeError(f"No Keras schedule stands for {type(config).__name__}.")
