"""Learning-rate schedules as data: checked and drawn without TensorFlow.

`schedules.create` turns each into its Keras schedule; `curve` computes the same rates, without NumPy: every command
that loads a task would wait for its import.

    >>> [round(rate, 3) for rate in curve(Cosine(learning_rate=0.1, warmup_steps=2), steps=6)]
    [0.0, 0.05, 0.1, 0.085, 0.05, 0.015]
"""

import abc
import bisect
import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeAlias

import pydantic

from components.errors import UsageError, did_you_mean


@dataclass(frozen=True, kw_only=True)
class Schedule(abc.ABC):
    """A rate for every optimizer step; steps count from 0."""

    @abc.abstractmethod
    def rate(self, step: int) -> float:
        """Returns the rate of a step. The schedule must be resolved."""

    def resolved(self, total_steps: int | None) -> Self:
        """Returns the schedule with every length filled in.

        Args:
            total_steps: Optimizer steps of the whole training, None where nobody knows.

        Raises:
            UsageError: The schedule has no steps to run over.
        """
        return self


@dataclass(frozen=True, kw_only=True)
class Decay(Schedule):
    """A linear warm-up to the peak rate, then a decay.

    Args:
        learning_rate: The peak: the rate of the first step after the warm-up.
        decay_steps: Steps of the decay; None takes what the warm-up leaves of the training.
        warmup_steps: Steps of the warm-up, none by default.
        warmup_from: Rate of the very first step of a warm-up.
    """

    learning_rate: float
    decay_steps: int | None = None
    warmup_steps: int = 0
    warmup_from: float = 0.0

    def __post_init__(self) -> None:
        _check_positive("learning_rate", self.learning_rate)
        _check_not_negative("warmup_steps", self.warmup_steps)
        _check_not_negative("warmup_from", self.warmup_from)
        if self.decay_steps is not None:
            _check_steps("decay_steps", self.decay_steps)

    def resolved(self, total_steps: int | None) -> Self:
        if self.decay_steps is not None:
            return self
        if total_steps is None:
            raise UsageError(
                "A schedule must know how many steps it runs over.",
                received="decay_steps=None and a training of unknown length",
                fix="Set decay_steps, or steps_per_epoch.",
            )
        if total_steps <= self.warmup_steps:
            raise UsageError(
                "The warm-up must leave steps for the decay.",
                received=f"warmup_steps={self.warmup_steps} of {total_steps} training steps",
                fix="Warm up for less, train for longer, or set decay_steps.",
            )
        return dataclasses.replace(self, decay_steps=total_steps - self.warmup_steps)

    def rate(self, step: int) -> float:
        assert self.decay_steps is not None, "call `resolved` first"
        if step < self.warmup_steps:
            return self.warmup_from + (self.learning_rate - self.warmup_from) * step / self.warmup_steps
        return self._decayed(step - self.warmup_steps, self.decay_steps)

    @abc.abstractmethod
    def _decayed(self, step: int, decay_steps: int) -> float:
        """Returns the rate of a step that counts from the end of the warm-up."""


@dataclass(frozen=True, kw_only=True)
class Exponential(Decay):
    """Multiplies the rate with `decay_rate` every `decay_steps`, smoothly or (`staircase`) at once."""

    kind: Literal["exponential"] = "exponential"
    decay_rate: float = 0.96
    staircase: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_positive("decay_rate", self.decay_rate)

    def _decayed(self, step: int, decay_steps: int) -> float:
        return self.learning_rate * self.decay_rate ** (step // decay_steps if self.staircase else step / decay_steps)


@dataclass(frozen=True, kw_only=True)
class Polynomial(Decay):
    """Goes to `end_learning_rate` as a polynomial of degree `power`; `cycle` starts anew, each time longer."""

    kind: Literal["polynomial"] = "polynomial"
    end_learning_rate: float = 0.0
    power: float = 1.0
    cycle: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_not_negative("end_learning_rate", self.end_learning_rate)
        _check_positive("power", self.power)

    def _decayed(self, step: int, decay_steps: int) -> float:
        length = decay_steps * (max(math.ceil(step / decay_steps), 1) if self.cycle else 1)
        left = 1 - min(step, length) / length
        return (self.learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


@dataclass(frozen=True, kw_only=True)
class Cosine(Decay):
    """Half a cosine from the peak to `alpha` times the peak (Loshchilov and Hutter 2017, arXiv:1608.03983)."""

    kind: Literal["cosine"] = "cosine"
    alpha: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_not_negative("alpha", self.alpha)

    def _decayed(self, step: int, decay_steps: int) -> float:
        wave = 0.5 * (1 + math.cos(math.pi * min(step / decay_steps, 1)))
        return self.learning_rate * ((1 - self.alpha) * wave + self.alpha)


@dataclass(frozen=True, kw_only=True)
class CosineRestarts(Decay):
    """Cosine decays one after the other: SGDR, "stochastic gradient descent with warm restarts" (arXiv:1608.03983).

    Args:
        decay_steps: Steps of the first cycle; needed, as a whole training of one cycle restarts nothing.
        t_mul: How much longer each cycle is than the one before.
        m_mul: How much of the peak each cycle starts with, of the one before.
        alpha: What a cycle ends at, as a part of `learning_rate`.
    """

    kind: Literal["cosine_restarts"] = "cosine_restarts"
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_not_negative("alpha", self.alpha)
        if self.t_mul < 1:
            raise UsageError("Cycles must not get shorter.", received=f"t_mul={self.t_mul}", fix="Give 1 or more.")
        _check_positive("m_mul", self.m_mul)
        if self.decay_steps is None:
            raise UsageError(
                "Restarts need the steps of their first cycle.", received="decay_steps=None", fix="Set decay_steps."
            )

    def _decayed(self, step: int, decay_steps: int) -> float:
        # Cycles that get longer are few; those of one length may be too many to be counted one by one.
        cycle = step // decay_steps if self.t_mul == 1 else 0
        done, length = float(step - cycle * decay_steps), float(decay_steps)
        while done >= length:
            cycle, done, length = cycle + 1, done - length, length * self.t_mul
        wave = 0.5 * self.m_mul**cycle * (1 + math.cos(math.pi * done / length))
        return self.learning_rate * ((1 - self.alpha) * wave + self.alpha)


@dataclass(frozen=True, kw_only=True)
class Piecewise(Schedule):
    """Holds `values[i]` up to and including the step `boundaries[i]`, the last value for ever."""

    kind: Literal["piecewise"] = "piecewise"
    boundaries: tuple[int, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.boundaries or len(self.values) != len(self.boundaries) + 1:
            raise UsageError(
                "A piecewise schedule needs boundaries, and one value more than boundaries.",
                received=f"boundaries={self.boundaries}, values={self.values}",
            )
        if self.boundaries[0] < 0 or any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise UsageError("Boundaries must grow, from step 0 on.", received=f"boundaries={self.boundaries}")
        for value in self.values:
            _check_not_negative("values", value)

    def rate(self, step: int) -> float:
        return self.values[bisect.bisect_left(self.boundaries, step)]


@dataclass(frozen=True, kw_only=True)
class InverseSquareRoot(Schedule):
    """Warms up linearly, then falls with the square root of the step (Vaswani et al. 2017, section 5.3).

    The step counts from 1 as in the paper, so the first update already moves. The paper's rate for a model of width
    `d_model` has its peak at `(d_model * warmup_steps) ** -0.5`.

    Args:
        learning_rate: The peak, reached at the end of the warm-up.
        warmup_steps: Steps of the warm-up, 4000 as in the paper by default.
    """

    kind: Literal["inverse_square_root"] = "inverse_square_root"
    learning_rate: float
    warmup_steps: int = 4000

    def __post_init__(self) -> None:
        _check_positive("learning_rate", self.learning_rate)
        _check_steps("warmup_steps", self.warmup_steps)

    def rate(self, step: int) -> float:
        number = step + 1
        return self.learning_rate * min(number / self.warmup_steps, math.sqrt(self.warmup_steps / number))


_KINDS = ("exponential", "polynomial", "cosine", "cosine_restarts", "piecewise", "inverse_square_root")


def _kind(value: Any) -> str:
    """Names the member of the union; told explicitly, pydantic's error is about that member alone."""
    if not isinstance(value, dict):
        return getattr(value, "kind", "constant")
    kind = str(value.get("kind"))
    if kind not in _KINDS:
        raise UsageError("A schedule must have a known kind.", received=f"kind={kind}", fix=did_you_mean(kind, _KINDS))
    return kind


LearningRate: TypeAlias = Annotated[
    Annotated[float, pydantic.Tag("constant")]
    | Annotated[Exponential, pydantic.Tag("exponential")]
    | Annotated[Polynomial, pydantic.Tag("polynomial")]
    | Annotated[Cosine, pydantic.Tag("cosine")]
    | Annotated[CosineRestarts, pydantic.Tag("cosine_restarts")]
    | Annotated[Piecewise, pydantic.Tag("piecewise")]
    | Annotated[InverseSquareRoot, pydantic.Tag("inverse_square_root")],
    pydantic.Discriminator(_kind),
]
"""A constant rate or a schedule. In JSON: a number, or a mapping with the schedule's `kind` and its fields."""


def check(learning_rate: LearningRate) -> None:
    """Raises a UsageError unless a constant rate is a positive number; schedules have checked themselves."""
    if not isinstance(learning_rate, Schedule):
        _check_positive("learning_rate", learning_rate)


def curve(learning_rate: LearningRate, steps: int, at: Iterable[int] | None = None) -> list[float]:
    """Returns the rates of a training run, to be drawn.

    Args:
        learning_rate: A constant rate or a schedule.
        steps: Optimizer steps of the whole training.
        at: The steps to compute, counted from 0; None takes every one.

    Raises:
        UsageError: There are no steps, the schedule does not fit in them, or a rate is too large for a number.
    """
    _check_steps("steps", steps)
    check(learning_rate)
    wanted = range(steps) if at is None else at
    if not isinstance(learning_rate, Schedule):
        return [float(learning_rate) for _ in wanted]
    schedule = learning_rate.resolved(steps)
    try:
        rates = [schedule.rate(step) for step in wanted]
    except OverflowError:
        rates = [math.inf]
    if not all(map(math.isfinite, rates)):
        raise UsageError("A learning rate must stay finite.", received=f"{learning_rate} over {steps} steps")
    return rates


def _check_positive(name: str, value: float) -> None:
    if not (value > 0 and math.isfinite(value)):
        raise UsageError(f"`{name}` must be positive.", received=f"{name}={value}")


def _check_not_negative(name: str, value: float) -> None:
    if not (value >= 0 and math.isfinite(value)):
        raise UsageError(f"`{name}` must not be negative.", received=f"{name}={value}")


def _check_steps(name: str, value: int) -> None:
    if value < 1:
        raise UsageError(f"`{name}` must be at least 1.", received=f"{name}={value}", fix="Give whole steps.")
