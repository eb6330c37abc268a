"""The learning rates of a task's training, step by step, as far as they are known before it: to be drawn.

>>> from pipeline import tasks
>>> [curve] = learning_rates(tasks.load("taxi").training, steps_per_epoch=100)
>>> curve.steps, curve.points[-1]
(400, (399, 0.001))
"""

from collections.abc import Sequence
from dataclasses import dataclass

from components.trainer import schedule_config
from components.trainer.config import TrainingConfig
from components.trainer.recipe_config import EVERYTHING, Rule, Stage

MOST_POINTS = 1000
"""Points of a curve; more than a picture has columns."""


@dataclass(frozen=True)
class RateCurve:
    """The rate of the variables that one rule trains, in one stage.

    Args:
        rule: The pattern on the paths of the variables; `.*` where there is no recipe.
        stage: The stage, counted from 1.
        first_step: The step of the training with which the stage begins, counted from 0.
        steps: Steps of the stage.
        points: Step of the training and rate, of each step or of `MOST_POINTS` with the first and the last among them.
    """

    rule: str
    stage: int
    first_step: int
    steps: int
    points: tuple[tuple[int, float], ...]

    @property
    def rates(self) -> tuple[float, ...]:
        """The rates of the points."""
        return tuple(rate for _, rate in self.points)


def learning_rates(training: TrainingConfig, steps_per_epoch: int) -> list[RateCurve]:
    """Returns the curves of a training: one, or with a recipe one for each stage and each rule that trains.

    What a plateau or early stopping will do is not known.

    Args:
        training: The training.
        steps_per_epoch: Optimizer steps of an epoch.

    Raises:
        UsageError: A schedule does not fit in its steps, or its rates get too large for a number.
    """
    whole = Stage((Rule(EVERYTHING, training.optimizer.learning_rate),), training.total_epochs)
    curves, first_step = [], 0
    for number, stage in enumerate(training.recipe or (whole,), start=1):
        steps = stage.epochs * steps_per_epoch
        for rule in stage.rules:
            if rule.learning_rate is not None:
                at = _spread(steps)
                rates = schedule_config.curve(rule.learning_rate, steps, at)
                points = tuple((first_step + step, rate) for step, rate in zip(at, rates, strict=True))
                curves.append(RateCurve(rule.pattern, number, first_step, steps, points))
        first_step += steps
    return curves


def needs_logarithm(curves: Sequence[RateCurve]) -> bool:
    """Says whether a linear axis would press some of the curves flat: one peak is a tenth of another, or less."""
    peaks = [max(curve.rates) for curve in curves]
    return 0 < min(peaks) <= max(peaks) / 10


def _spread(steps: int) -> list[int]:
    """Returns all steps, or as many as are drawn, evenly spread."""
    count = min(steps, MOST_POINTS)
    return [round(number * (steps - 1) / max(count - 1, 1)) for number in range(count)]
