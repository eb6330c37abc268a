"""The search for hyper-parameters as data. No TensorFlow here: the command line reads this too.

>>> from components.settings import from_dict
>>> rates = {"low": 1e-4, "high": 1e-2, "sampling": "log"}
>>> from_dict(TuningConfig, {"trials": 8, "space": {"optimizer.learning_rate": rates, "batch_size": [32, 64]}})
... # doctest: +ELLIPSIS
TuningConfig(trials=8, space={'optimizer.learning_rate': Range(low=0.0001, ...), 'batch_size': (32, 64)}, ...
"""

import json
import math
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import pydantic

from components import overrides
from components.errors import UsageError
from components.trainer.config import TrainingConfig
from components.trainer.hyperparameters import applied


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones where the value that is searched for is whole.

    Args:
        low: The lowest value.
        high: The highest value.
        step: The distance of two neighbours; None takes all whole numbers, or any number in between.
        sampling: `linear`, or `log` for values of which the order of magnitude matters; `log` takes no step.
    """

    low: float
    high: float
    step: float | None = None
    sampling: Literal["linear", "log"] = "linear"


Choices: TypeAlias = tuple[Any, ...]


def _form(values: Any) -> str:
    """Names the member of the union; told explicitly, pydantic's error is about that member alone."""
    if isinstance(values, dict | Range):
        return "range"
    if isinstance(values, list | tuple):
        return "choices"
    raise UsageError(
        "A key of a search space must have a range or a list of values.",
        received=f"{values!r}",
        fix="Examples: {low: 1, high: 8}, [1, 2, 4].",
    )


Values: TypeAlias = Annotated[
    Annotated[Range, pydantic.Tag("range")] | Annotated[Choices, pydantic.Tag("choices")], pydantic.Discriminator(_form)
]
"""What a value is searched in. In JSON: a mapping with the fields of a Range, or a list."""


@dataclass(frozen=True)
class TuningConfig:
    """The search that comes before the training.

    What is searched for is the best value of the metric that `training.callbacks` monitors. Every trial is a training
    as the Trainer does it, with some values replaced as `--set` would.

    Args:
        trials: Trainings at most; a search ends before when the space has no other point. 0: there is no Tuner node.
        space: Keys below `training`, such as `optimizer.learning_rate` or `model.params.embedding_size`, each with a
            Range or with the values to choose from: numbers, texts, lists, null.
        algorithm: `random`; `bayesian`, a Gaussian process on the trials so far; or `hyperband`, which starts many
            trials of few epochs and trains the best of them for longer, each from the start (Li et al. 2018).
        seed: Seeds the choice of the points; the training has its own.
    """

    trials: int = 0
    space: dict[str, Values] = field(default_factory=dict)
    algorithm: Literal["random", "bayesian", "hyperband"] = "random"
    seed: int = 1

    def check(self, training: TrainingConfig) -> None:
        """Raises a UsageError unless a search of these trials can run on a training.

        Args:
            training: What the values of the space are put into, one at a time.
        """
        # KerasTuner takes the seed 0 for none.
        for name, value, least in (("trials", self.trials, 0), ("seed", self.seed, 1)):
            if value < least:
                raise UsageError(f"`tuning.{name}` must be at least {least}.", received=f"tuning.{name}={value}")
        if self.trials:
            self._check_space(training)

    def _check_space(self, training: TrainingConfig) -> None:
        if not self.space:
            raise UsageError(
                "A search must have a space.",
                received=f"tuning.trials={self.trials} and an empty tuning.space",
                fix="Example: --set tuning.space.batch_size=[32,64].",
            )
        if watched := {"callbacks.monitor", "callbacks.mode"} & self.space.keys():
            raise UsageError("All trials must be judged alike.", received=f"tuning.space.{min(watched)}")
        if self.algorithm == "hyperband" and (training.recipe or "epochs" in self.space):
            raise UsageError(
                "Hyperband decides on the epochs.",
                received="tuning.algorithm=hyperband and " + ("a recipe" if training.recipe else "epochs in the space"),
                fix="Take random or bayesian.",
            )
        for _ in points(training, self.space):
            pass


def points(training: TrainingConfig, space: dict[str, Values]) -> Iterator[TrainingConfig]:
    """Yields the training with each end of a range and each choice of the space, one at a time.

    Raises:
        UsageError: A key does not exist, a range or a choice is no good, or the training refuses a value.
    """
    for key, values in space.items():
        if isinstance(values, Range) and (values.step or 0) % 1 and is_whole(training, key):
            raise UsageError(
                "The step of whole numbers must be whole.", received=f"tuning.space.{key}: step={values.step:g}"
            )
        for value in _ends(values, key) if isinstance(values, Range) else _distinct(values, key):
            yield applied(training, {key: value})


def is_whole(training: TrainingConfig, key: str) -> bool:
    """Says whether the value at a key is a whole number."""
    kinds = set(_alternatives(overrides.kind_at(training, key)))
    return int in kinds and float not in kinds


def _ends(values: Range, key: str) -> tuple[float, float]:
    log = values.sampling == "log"
    if not -math.inf < values.low < values.high < math.inf or (log and values.low <= 0):
        raise UsageError(
            "A range must go from a lower to a higher number"
            + (", both above 0 where it is logarithmic." if log else "."),
            received=f"tuning.space.{key}: low={values.low:g}, high={values.high:g}",
        )
    if values.step is not None and (log or not 0 < values.step <= values.high - values.low):
        raise UsageError(
            "A step must be positive and fit into its range, which must be linear.",
            received=f"tuning.space.{key}: step={values.step:g}, sampling={values.sampling}",
        )
    return values.low, values.high


def _distinct(values: Choices, key: str) -> Choices:
    if len({json.dumps(value) for value in values}) < max(1, len(values)):
        raise UsageError(
            "The values to choose from must differ, and there must be one.", received=f"tuning.space.{key}={[*values]}"
        )
    return values


def _alternatives(kind: Any) -> Iterator[Any]:
    """Yields the plain types of an annotation."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _alternatives(member)
    else:
        yield kind
