"""Optimizers as contenders."""

from collections.abc import Mapping

from components.errors import UsageError, did_you_mean
from components.settings import to_dict
from components.trainer.config import TrainingConfig
from components.trainer.optimizer_config import OptimizerConfig
from pipeline.comparison.contender import Contender
from pipeline.config import TaskConfig

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


def contenders(task: TaskConfig, text: str | None) -> tuple[Contender, ...]:
    """Returns the optimizers of a comma-separated list. They keep the weight decay and the clipping of the task.

    Args:
        task: The task.
        text: Names, each as it is or with a rate of its own behind `=`; None takes all.

    Raises:
        UsageError: One does not exist, is named twice, or its rate is no positive number; or the task has a recipe.

    Example:
        >>> from pipeline import tasks
        >>> [one.name for one in contenders(tasks.load("taxi"), "adam,sgd=0.3")]
        ['adam 0.001', 'sgd 0.3']
    """
    if task.training.recipe:
        raise UsageError(
            "Optimizers are compared at one learning rate for the whole model.",
            received=f"a recipe of {len(task.training.recipe)} stages",
            fix="Set training.recipe=[].",
        )
    found = [_contender(task.training, part.strip()) for part in (text or ",".join(RATES)).split(",")]
    names = [one.name for one in found]
    if twice := [name for number, name in enumerate(names) if name in names[:number]]:
        raise UsageError("An optimizer is compared once at a rate.", received=twice[0])
    return tuple(found)


def _contender(training: TrainingConfig, text: str) -> Contender:
    name, separator, rate = text.partition("=")
    if name not in RATES:
        raise UsageError("An optimizer must exist.", received=name or "nothing", fix=did_you_mean(name, RATES))
    try:
        number = float(rate) if separator else RATES[name]
    except ValueError:
        raise UsageError("A learning rate must be a number.", received=text, fix="Example: sgd=0.05.") from None
    kept = {key: getattr(training.optimizer, key) for key in ("weight_decay", "clip_norm", "clip_value")}
    optimizer = OptimizerConfig(name=name, learning_rate=number, **kept)
    return Contender(f"{name} {number:g}", {"training.optimizer": to_dict(optimizer)})
