"""An optimizer that is compared with others, and the training that it gets."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from components.errors import UsageError, did_you_mean
from components.trainer.config import TrainingConfig
from components.trainer.optimizer_config import OptimizerConfig

RATES: Mapping[str, float] = {
    "sgd": 0.1,
    "momentum": 0.01,
    "adam": 0.001,
    "adamw": 0.001,
    "rmsprop": 0.001,
    "adagrad": 0.05,
    "lion": 0.0003,
}
"""Each optimizer with the rate that it gets where none is asked for.

Momentum 0.9 makes a step up to ten times as long, what adagrad adds up makes it shorter and shorter, and lion wants a
third to a tenth of the rate of adamw (Chen et al. 2023).
"""


@dataclass(frozen=True)
class Contender:
    """An optimizer at a rate.

    Args:
        name: Its name in an OptimizerConfig.
        learning_rate: Its rate, which stays the same.
    """

    name: str
    learning_rate: float

    def training(self, base: TrainingConfig, seed: int) -> TrainingConfig:
        """Returns a training that differs from another contender's by the optimizer only.

        It keeps the weight decay and the clipping of the task. It goes through all epochs at one rate, so that there is
        a curve to look at.

        Args:
            base: The task's training.
            seed: Its seed.

        Raises:
            UsageError: The optimizer does not exist, or its rate is not positive.
        """
        kept = {name: getattr(base.optimizer, name) for name in ("weight_decay", "clip_norm", "clip_value")}
        optimizer = OptimizerConfig(name=self.name, learning_rate=self.learning_rate, **kept)
        watching = dataclasses.replace(
            base.callbacks, early_stopping_patience=None, plateau_patience=None, tensorboard=False, checkpoint=False
        )
        return dataclasses.replace(base, optimizer=optimizer, callbacks=watching, seed=seed)


def contenders(text: str | None) -> tuple[Contender, ...]:
    """Returns the optimizers of a comma-separated list.

    Args:
        text: Names, each as it is or with a rate of its own behind `=`; None takes all.

    Raises:
        UsageError: One does not exist, is named twice, or its rate is no positive number.

    Example:
        >>> contenders("adam,sgd=0.3")
        (Contender(name='adam', learning_rate=0.001), Contender(name='sgd', learning_rate=0.3))
    """
    found = [_contender(part.strip()) for part in (text or ",".join(RATES)).split(",")]
    twice = [contender.name for number, contender in enumerate(found) if contender in found[:number]]
    if twice:
        raise UsageError("An optimizer is compared once at a rate.", received=twice[0])
    return tuple(found)


def check(training: TrainingConfig) -> None:
    """Raises a UsageError unless optimizers can be compared on a training."""
    if training.recipe:
        raise UsageError(
            "Optimizers are compared at one learning rate for the whole model.",
            received=f"a recipe of {len(training.recipe)} stages",
            fix="Set training.recipe=[].",
        )


def _contender(text: str) -> Contender:
    name, separator, rate = text.partition("=")
    if name not in RATES:
        raise UsageError("An optimizer must exist.", received=name or "nothing", fix=did_you_mean(name, RATES))
    try:
        contender = Contender(name, float(rate) if separator else RATES[name])
    except ValueError:
        raise UsageError("A learning rate must be a number.", received=text, fix="Example: sgd=0.05.") from None
    OptimizerConfig(name=name, learning_rate=contender.learning_rate)
    return contender
