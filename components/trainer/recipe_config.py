"""Fine-tuning as data: stages of ordered rules on the paths of variables. No TensorFlow: the command line reads it.

A rule is a regular expression and a learning rate, a schedule or None. The expression has to match a whole path, such
as `encoder/block_2/dense/kernel`; the first rule that does decides, and None freezes. In YAML a stage is

    {epochs: 2, rules: [[head/.*, 0.001], [.*, null]]}

The functions here write the rules of the usual recipes, to be printed and overridden like any other setting:

>>> for rule in layer_wise_decay(["stem", "block"], "head", learning_rate=0.01, epochs=3, decay=0.5)[0].rules[:3]:
...     print(rule.pattern, rule.learning_rate)
(.*/)?head/.* 0.01
(.*/)?block/.* 0.005
(.*/)?stem/.* 0.0025
"""

import dataclasses
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from components.errors import UsageError
from components.trainer import schedule_config
from components.trainer.schedule_config import LearningRate, Piecewise, Schedule

EVERYTHING = ".*"
"""The pattern of a last rule that takes what the others have left; the only one that may find nothing left."""


class Rule(NamedTuple):
    """What happens to the variables that a pattern matches.

    Args:
        pattern: Regular expression for the whole path of a variable.
        learning_rate: A constant rate or a schedule, whose steps count from the start of the stage; None freezes.
    """

    pattern: str
    learning_rate: LearningRate | None


@dataclass(frozen=True)
class Stage:
    """One stage of a training.

    Args:
        rules: The rules in order: the first one that matches a variable decides, and one has to match every variable.
        epochs: Epochs of the stage, one by default.

    Raises:
        UsageError: No rule trains anything, a pattern is no regular expression or stands twice, a rate is not positive,
            or the stage has no epochs.
    """

    rules: tuple[Rule, ...]
    epochs: int = 1

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise UsageError("A stage must have epochs.", received=f"epochs={self.epochs}", fix="Give 1 or more.")
        if all(rule.learning_rate is None for rule in self.rules):
            raise UsageError(
                "A stage must train something.",
                received=f"rules={[tuple(rule) for rule in self.rules]}",
                fix="Give one of its rules a learning rate.",
            )
        patterns = [rule.pattern for rule in self.rules]
        for number, rule in enumerate(self.rules):
            _check_pattern(rule.pattern, patterns[:number])
            if rule.learning_rate is not None:
                schedule_config.check(rule.learning_rate)


Recipe: TypeAlias = tuple[Stage, ...]
"""Stages in the order in which they are trained."""


@dataclass(frozen=True)
class TrainedGroup:
    """Variables that are trained at one rate and have been trained for equally long.

    Args:
        rule: What gave them the rate.
        since: The stage, counted from 0, from which on they have been trained without a break.
        paths: Their paths.
    """

    rule: Rule
    since: int
    paths: tuple[str, ...]


def everything_in(name: str) -> str:
    """Returns the pattern for all variables in a layer or model, wherever that lies.

    The path may begin with the name of the model, as it does in a Sequential one and in subclassed ones.

    Example:
        >>> everything_in("block_1")
        '(.*/)?block_1/.*'
    """
    return f"(.*/)?{re.escape(name)}/.*"


def feature_extraction(head: str, learning_rate: LearningRate, epochs: int) -> Recipe:
    """Trains the head on top of a model that stays as it is.

    Args:
        head: Name of the layer.
        learning_rate: Its rate.
        epochs: Epochs.
    """
    return (Stage((Rule(everything_in(head), learning_rate), Rule(EVERYTHING, None)), epochs),)


def two_stage(
    head: str, learning_rate: LearningRate, tuned_rate: LearningRate, epochs: int, tuned_epochs: int
) -> Recipe:
    """Trains the head first, and then everything, so that a random head does not spoil what lies below it.

    Args:
        head: Name of the layer.
        learning_rate: Its rate in the first stage.
        tuned_rate: The rate of everything in the second stage, usually a tenth or less.
        epochs: Epochs of the first stage.
        tuned_epochs: Epochs of the second stage.
    """
    return (
        *feature_extraction(head, learning_rate, epochs),
        Stage((Rule(EVERYTHING, tuned_rate),), tuned_epochs),
    )


def gradual_unfreezing(
    blocks: Sequence[str], head: str, learning_rate: LearningRate, epochs: int, blocks_per_stage: int = 1
) -> Recipe:
    """Trains the head, and in each further stage the last blocks that are still frozen too (Howard and Ruder 2018).

    What is in no block stays frozen.

    Args:
        blocks: Names of the layers, the one next to the input first.
        head: Name of the layer after them.
        learning_rate: The rate of whatever is trained.
        epochs: Epochs of each stage.
        blocks_per_stage: How many blocks each stage after the first unfreezes, one by default.

    Example:
        >>> for stage in gradual_unfreezing(["a", "b", "c"], "head", 0.01, epochs=1, blocks_per_stage=2):
        ...     print([rule.pattern for rule in stage.rules if rule.learning_rate])
        ['(.*/)?head/.*']
        ['(.*/)?head/.*', '(.*/)?c/.*', '(.*/)?b/.*']
        ['(.*/)?head/.*', '(.*/)?c/.*', '(.*/)?b/.*', '(.*/)?a/.*']
    """
    if blocks_per_stage < 1:
        raise UsageError("A stage must unfreeze a block.", received=f"blocks_per_stage={blocks_per_stage}")
    from_the_top = [head, *reversed(blocks)]
    ends = [1, *range(1 + blocks_per_stage, len(from_the_top), blocks_per_stage), len(from_the_top)]
    return tuple(
        discriminative([(name, learning_rate) for name in from_the_top[:end]], epochs)[0] for end in dict.fromkeys(ends)
    )


def discriminative(
    rates: Iterable[tuple[str, LearningRate | None]], epochs: int, rest: LearningRate | None = None
) -> Recipe:
    """Gives every layer a rate of its own.

    Args:
        rates: Names of layers and their rates.
        epochs: Epochs.
        rest: The rate of all others; None, the default, freezes them.
    """
    return (Stage((*(Rule(everything_in(name), rate) for name, rate in rates), Rule(EVERYTHING, rest)), epochs),)


def layer_wise_decay(
    blocks: Sequence[str], head: str, learning_rate: LearningRate, epochs: int, decay: float = 0.95
) -> Recipe:
    """Gives the head its rate and every block below it `decay` times the rate of the one above: `decay ** depth`.

    What is in no block is taken to lie below all of them, as embeddings do.

    Args:
        blocks: Names of the layers, the one next to the input first.
        head: Name of the layer after them, at depth 0.
        learning_rate: The rate of the head; a schedule keeps its form at every depth.
        epochs: Epochs.
        decay: What a rate is multiplied with from one depth to the next, 0.95 by default.
    """
    from_the_top = [head, *reversed(blocks)]
    return discriminative(
        [(name, scaled(learning_rate, decay**depth)) for depth, name in enumerate(from_the_top)],
        epochs,
        rest=scaled(learning_rate, decay ** len(from_the_top)),
    )


def scaled(learning_rate: LearningRate, factor: float) -> LearningRate:
    """Returns the rate, or the schedule with all its rates, times a factor.

    Example:
        >>> scaled(Piecewise(boundaries=(10,), values=(0.1, 0.01)), 2).values
        (0.2, 0.02)
    """
    if not isinstance(learning_rate, Schedule):
        return learning_rate * factor
    if isinstance(learning_rate, Piecewise):
        return dataclasses.replace(learning_rate, values=tuple(value * factor for value in learning_rate.values))
    rates = ("learning_rate", "warmup_from", "end_learning_rate")
    own = [field.name for field in dataclasses.fields(learning_rate) if field.name in rates]
    return dataclasses.replace(learning_rate, **{name: getattr(learning_rate, name) * factor for name in own})


def check_schedules(recipe: Recipe, steps_per_epoch: int) -> None:
    """Checks that every schedule fits in its stage, before the first one is trained.

    Args:
        recipe: All stages.
        steps_per_epoch: Optimizer steps of an epoch.

    Raises:
        UsageError: The warm-up of a schedule leaves no steps for the rest.
    """
    for stage in recipe:
        for rule in stage.rules:
            if isinstance(rule.learning_rate, Schedule):
                rule.learning_rate.resolved(stage.epochs * steps_per_epoch)


def _check_pattern(pattern: str, earlier: Sequence[str]) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise UsageError("A rule must have a regular expression.", received=f"{pattern!r}, {error}") from None
    if pattern in earlier:
        raise UsageError("The first rule that matches decides.", received=f"{pattern!r} twice", fix="Keep one of them.")
