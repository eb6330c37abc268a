"""The optimizer as data. No TensorFlow here: the command line reads this too.

>>> from components.settings import from_dict
>>> from_dict(OptimizerConfig, {"name": "adamw", "learning_rate": {"kind": "cosine", "learning_rate": 1e-3}})
... # doctest: +ELLIPSIS
OptimizerConfig(name='adamw', learning_rate=Cosine(learning_rate=0.001, ...
"""

from dataclasses import dataclass

from components.errors import UsageError, did_you_mean
from components.trainer import schedule_config
from components.trainer.schedule_config import LearningRate

PARAMETERS: dict[str, tuple[str, ...]] = {
    "sgd": (),
    "momentum": ("momentum", "nesterov"),
    "adam": ("beta_1", "beta_2", "epsilon"),
    "adamw": ("beta_1", "beta_2", "epsilon"),
    "rmsprop": ("rho", "momentum", "epsilon"),
    "adagrad": ("epsilon",),
    "lion": ("beta_1", "beta_2"),
}
"""Each optimizer and the fields that only some optimizers have; every one takes the others."""


@dataclass(frozen=True)
class OptimizerConfig:
    """One optimizer.

    Args:
        name: `sgd`, `momentum`, `adam`, `adamw`, `rmsprop`, `adagrad` or `lion`.
        learning_rate: A constant rate or a schedule.
        weight_decay: Decoupled decay (Loshchilov and Hutter 2019): every step takes `learning_rate * weight_decay` of
            each weight away, biases and normalization parameters excepted. None decays nothing, but 0.004 in `adamw`.
        clip_norm: The norm over all gradients that a step is scaled down to. None leaves gradients as they are.
        clip_value: The value that each entry of a gradient is cut at. None leaves gradients as they are.
        momentum: Of `momentum` (0.9 by default) and `rmsprop` (none by default).
        nesterov: Whether `momentum` looks ahead.
        beta_1: Decay of the mean of gradients, of `adam`, `adamw` and `lion`, each with its own default.
        beta_2: Decay of the mean of squares (of `lion`: of the kept momentum), each with its own default.
        rho: Decay of the mean of squares of `rmsprop`, 0.9 by default.
        epsilon: What keeps a division from zero in `adam`, `adamw`, `rmsprop` and `adagrad`, 1e-7 by default.

    Raises:
        UsageError: The name is unknown, a field does not belong to the optimizer, or a value is out of its range.
    """

    name: str = "adam"
    learning_rate: LearningRate = 1e-3
    weight_decay: float | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    momentum: float | None = None
    nesterov: bool = False
    beta_1: float | None = None
    beta_2: float | None = None
    rho: float | None = None
    epsilon: float | None = None

    def __post_init__(self) -> None:
        if self.name not in PARAMETERS:
            raise UsageError(
                "The optimizer must be known.", received=f"name={self.name}", fix=did_you_mean(self.name, PARAMETERS)
            )
        schedule_config.check(self.learning_rate)
        self._check_ownership()
        self._check_ranges()

    def _check_ownership(self) -> None:
        for field in {name for names in PARAMETERS.values() for name in names} - set(PARAMETERS[self.name]):
            value = getattr(self, field)
            if value is not None and value is not False:
                owners = ", ".join(name for name, fields in PARAMETERS.items() if field in fields)
                raise UsageError(
                    f"`{field}` belongs to {owners}.",
                    received=f"name={self.name}, {field}={value}",
                    fix="Leave it out, or take one of these optimizers.",
                )

    def _check_ranges(self) -> None:
        for field in ("momentum", "beta_1", "beta_2", "rho"):
            value = getattr(self, field)
            if value is not None and not 0 <= value < 1:
                raise UsageError(f"`{field}` must be at least 0 and less than 1.", received=f"{field}={value}")
        for field in ("clip_norm", "clip_value", "epsilon"):
            value = getattr(self, field)
            if value is not None and not value > 0:
                raise UsageError(f"`{field}` must be positive.", received=f"{field}={value}")
        if self.weight_decay is not None and not 0 <= self.weight_decay < 1:
            raise UsageError(
                "`weight_decay` must be at least 0 and less than 1.", received=f"weight_decay={self.weight_decay}"
            )
        if self.clip_norm is not None and self.clip_value is not None:
            raise UsageError(
                "Gradients are clipped in one way.",
                received=f"clip_norm={self.clip_norm}, clip_value={self.clip_value}",
                fix="Set one of them.",
            )
