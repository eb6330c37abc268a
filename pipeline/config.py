"""A task and its stages as frozen dataclasses, and the strict overrides of `--set`.

>>> from pipeline import tasks
>>> override(tasks.load("taxi"), ["training.epochs=2"]).training.epochs
2
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import GenericAlias
from typing import Any, Literal, get_args, get_type_hints

import yaml

from components.errors import UsageError, did_you_mean
from components.settings import coerce
from components.trainer.config import TrainingConfig


@dataclass(frozen=True)
class DataConfig:
    """Where the TFRecords are.

    Args:
        path: A folder of TFRecords (gzip or plain). None: the task writes its own with `prepare`.
        prepare: Import path of `prepare(folder, **params)`, which writes the task's TFRecords into a folder.
        params: Arguments for `prepare`.
        splits: Split name to file pattern inside the folder. A folder in which no pattern matches is split by hash.
        eval_share: Share of the rows that a split by hash gives to `eval`.
    """

    path: str | None = None
    prepare: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=lambda: {"train": "train-*", "eval": "eval-*"})
    eval_share: float = 0.2


@dataclass(frozen=True)
class SchemaConfig:
    """The curated schema: a `schema.pbtxt`, absolute or relative to the project."""

    path: str


@dataclass(frozen=True)
class TransformConfig:
    """The Transform stage.

    Args:
        preprocessing_fn: Import path of `preprocessing_fn(inputs)`.
        statistics: Whether Transform computes statistics before and after; DataGate does not need them.
    """

    preprocessing_fn: str
    statistics: bool = False


@dataclass(frozen=True)
class Threshold:
    """When a metric blesses the model.

    Args:
        lower: The value must be at least this.
        upper: The value must be at most this.
        min_improvement: The value must beat the baseline model's by this much; negative allows a loss. Not checked
            without a baseline.
        higher_is_better: The direction of an improvement.
    """

    lower: float | None = None
    upper: float | None = None
    min_improvement: float | None = None
    higher_is_better: bool = True

    def check(self, key: str) -> None:
        """Raises a UsageError that names `key` if no value could meet the threshold, or any could."""
        if (self.lower, self.upper, self.min_improvement) == (None, None, None):
            raise UsageError(
                "A threshold must demand something.",
                received=f"{key} without lower, upper or min_improvement",
            )
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise UsageError(
                "A threshold's lower bound must not be above its upper bound.",
                received=f"{key}: lower={self.lower}, upper={self.upper}",
            )


@dataclass(frozen=True)
class EvaluationConfig:
    """What the Evaluator computes and demands.

    Args:
        label: The raw feature that holds the target.
        metrics: Names of TFMA or Keras metric classes.
        slices: Raw features to slice by; each item is one slicing over one or more features. The whole split is always
            there.
        thresholds: Metric name to threshold, for the whole split.
        slice_thresholds: Metric name to threshold, for every slice of `slices` however few examples it has.
        split: The split that is evaluated.
    """

    label: str
    metrics: tuple[str, ...]
    slices: tuple[tuple[str, ...], ...] = ()
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    slice_thresholds: dict[str, Threshold] = field(default_factory=dict)
    split: str = "eval"

    def check(self) -> None:
        """Raises a UsageError if a threshold is on a metric that is not computed, or demands nothing possible."""
        for group in ("thresholds", "slice_thresholds"):
            for name, threshold in getattr(self, group).items():
                key = f"evaluation.{group}.{name}"
                if name not in self.metrics:
                    raise UsageError(
                        "A threshold must be on a metric that is computed.",
                        received=key,
                        fix=did_you_mean(name, self.metrics),
                    )
                threshold.check(key)


@dataclass(frozen=True)
class PushConfig:
    """Where a blessed model goes; None means the home's `serving/<task>`."""

    directory: str | None = None


@dataclass(frozen=True)
class RunnerConfig:
    """How the nodes are run.

    Args:
        beam_args: Beam's own options. The default keeps everything in one process, which on two cores beats several. It
            names a container image, which nothing in one process uses, because TFX would otherwise package itself for
            remote workers at every node, 1.6 s each time.
        log_level: What goes into the run's log file.
    """

    beam_args: tuple[str, ...] = ("--direct_running_mode=in_memory", "--sdk_container_image=unused")
    log_level: Literal["DEBUG", "INFO", "WARNING"] = "INFO"


@dataclass(frozen=True)
class TaskConfig:
    """A task: everything between a folder of TFRecords and a served model.

    Args:
        name: The task's name, also that of its folders.
        summary: What it is, in a line.
        data: The TFRecords.
        schema: What they must look like.
        transform: How features are made.
        training: The Trainer's configuration.
        evaluation: What blesses a model.
        push: Where a blessed model goes.
        runner: How the nodes are run.
        requires: Python distributions that the task's own data need beyond the project's.
    """

    name: str
    summary: str
    data: DataConfig
    schema: SchemaConfig
    transform: TransformConfig
    training: TrainingConfig
    evaluation: EvaluationConfig
    push: PushConfig = PushConfig()
    runner: RunnerConfig = RunnerConfig()
    requires: tuple[str, ...] = ()


def override(config: TaskConfig, assignments: Iterable[str]) -> TaskConfig:
    """Returns the configuration with single values replaced.

    Args:
        config: What to start from.
        assignments: `a.b=value` each. The value is read as YAML and must have the type of the field; what YAML would
            read as a number or a list stays a text where the field is one.

    Raises:
        UsageError: No `=`, an unknown key, or a value of another type.
    """
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not (key and separator):
            raise UsageError(
                "An override is written key=value.", received=assignment, fix="Example: training.epochs=2."
            )
        config = _replaced(config, TaskConfig, key.split("."), text, key)
    return config


def _replaced(node: Any, kind: Any, path: list[str], text: str, key: str) -> Any:
    """Returns `node` with the value at `path` replaced; `kind` is the declared type of `node`."""
    if not path:
        return _read(kind, node, text, key)
    name, *rest = path
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        kinds = get_type_hints(type(node))
        _require(name, kinds, key)
        return dataclasses.replace(node, **{name: _replaced(getattr(node, name), kinds[name], rest, text, key)})
    if isinstance(node, dict):
        child, child_kind = _entry(node, kind, name, key)
        return {**node, name: _replaced(child, child_kind, rest, text, key)}
    raise UsageError("An override must name a value that exists.", received=key, fix=f"Nothing is below `{name}`.")


def _entry(node: dict[str, Any], kind: Any, name: str, key: str) -> tuple[Any, Any]:
    """Returns an entry of a mapping and its type. In a free mapping (`params`) the defaults say what there is."""
    declared = get_args(kind)[1]
    if declared is Any:
        _require(name, node, key)
        return node[name], _kind_of(node[name])
    return node.get(name, declared()), declared


def _kind_of(value: Any) -> Any:
    if value is None:
        return Any
    return GenericAlias(list, (type(value[0]),)) if isinstance(value, list) and value else type(value)


def _require(name: str, known: Iterable[str], key: str) -> None:
    if name not in known:
        raise UsageError("An override must name a value that exists.", received=key, fix=did_you_mean(name, known))


def _read(kind: Any, node: Any, text: str, key: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    if (dataclasses.is_dataclass(node) or isinstance(node, dict)) and not isinstance(value, dict):
        inside = node if isinstance(node, dict) else get_type_hints(type(node))
        raise UsageError(
            "An override sets one value, not a group.", received=f"{key}={text}", fix=f"Inside it: {', '.join(inside)}."
        )
    try:
        return coerce(kind, value, where=key)
    except UsageError:
        if isinstance(value, str) or str not in (kind, *get_args(kind)):
            raise
        return text
