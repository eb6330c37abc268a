"""A task and its stages as frozen dataclasses, and the strict overrides of `--set`.

>>> from pipeline import tasks
>>> override(tasks.load("taxi"), ["training.epochs=2"]).training.epochs
2
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from components.embedding.config import EmbeddingConfig
from components.errors import UsageError, did_you_mean
from components.overrides import replaced_by_text
from components.trainer.config import TrainingConfig
from components.trainer.search_config import TuningConfig


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
        preprocessing_fn: Import path of `preprocessing_fn(inputs)`, or of `preprocessing_fn(inputs, custom_config)`.
        statistics: Whether Transform computes statistics before and after; DataGate does not need them.
        params: What the function finds as `custom_config["params"]`.
    """

    preprocessing_fn: str
    statistics: bool = False
    params: dict[str, Any] = field(default_factory=dict)


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
class OutputEvaluation:
    """What the Evaluator computes and demands of one output of a model.

    Args:
        label: The raw feature that holds the target.
        metrics: Names of TFMA or Keras metric classes.
        thresholds: Metric name to threshold, for the whole split.
        slice_thresholds: Metric name to threshold, for every slice however few examples it has.
    """

    label: str
    metrics: tuple[str, ...]
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    slice_thresholds: dict[str, Threshold] = field(default_factory=dict)

    def check(self, where: str) -> None:
        """Raises a UsageError that begins with `where` if something is missing or a threshold makes no sense."""
        for name in ("label", "metrics"):
            if not getattr(self, name):
                raise UsageError(f"`{where}.{name}` must be given.", received=f"{name}={getattr(self, name)!r}")
        for group in ("thresholds", "slice_thresholds"):
            for name, threshold in getattr(self, group).items():
                key = f"{where}.{group}.{name}"
                if name not in self.metrics:
                    raise UsageError(
                        "A threshold must be on a metric that is computed.",
                        received=key,
                        fix=did_you_mean(name, self.metrics),
                    )
                threshold.check(key)


@dataclass(frozen=True)
class EvaluationConfig:
    """What the Evaluator computes and demands.

    Args:
        label: The raw feature that holds the target.
        metrics: Names of TFMA or Keras metric classes.
        outputs: For a model of several outputs, the name of each that is evaluated to what is computed and demanded of
            it, in place of `label`, `metrics`, `thresholds` and `slice_thresholds`.
        slices: Raw features to slice by; each item is one slicing over one or more features. The whole split is always
            there.
        thresholds: Metric name to threshold, for the whole split.
        slice_thresholds: Metric name to threshold, for every slice of `slices` however few examples it has.
        split: The split that is evaluated.
    """

    label: str = ""
    metrics: tuple[str, ...] = ()
    slices: tuple[tuple[str, ...], ...] = ()
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    slice_thresholds: dict[str, Threshold] = field(default_factory=dict)
    split: str = "eval"
    outputs: dict[str, OutputEvaluation] = field(default_factory=dict)

    @property
    def targets(self) -> dict[str, OutputEvaluation]:
        """Each output and what is computed and demanded of it; the only output of a model has no name here."""
        only = OutputEvaluation(self.label, self.metrics, self.thresholds, self.slice_thresholds)
        return self.outputs or {"": only}

    @property
    def labels(self) -> tuple[str, ...]:
        """The raw features that are targets, each once."""
        return tuple(dict.fromkeys(target.label for target in self.targets.values()))

    def check(self) -> None:
        """Raises a UsageError if something is missing, or a threshold is on no metric or demands nothing possible."""
        alone = {name for name in ("label", "metrics", "thresholds", "slice_thresholds") if getattr(self, name)}
        if self.outputs and alone:
            raise UsageError(
                "Either one output is evaluated or several.",
                received=f"evaluation.{min(alone)} beside evaluation.outputs",
                fix=f"Set it in evaluation.outputs.<output>.{min(alone)}.",
            )
        for name, target in self.targets.items():
            target.check(f"evaluation.outputs.{name}" if name else "evaluation")


@dataclass(frozen=True)
class PushConfig:
    """Where a blessed model goes.

    Args:
        directory: The folder of its versions; None means the home's `serving/<task>`.
        keep: How many versions stay there, at least one; None keeps all.
    """

    directory: str | None = None
    keep: int | None = None

    def check(self) -> None:
        """Raises a UsageError if no version were kept."""
        if self.keep is not None and self.keep < 1:
            raise UsageError("`push.keep` must be at least 1.", received=f"keep={self.keep}")


@dataclass(frozen=True)
class RunnerConfig:
    """How the nodes are run.

    Args:
        beam_args: Beam's own options. The default keeps everything in one process, which on two cores beats several. It
            names the runner, as Beam's default first tries Prism, a binary that it downloads. And it names a container
            image, which nothing in one process uses, because TFX would otherwise package itself for remote workers at
            every node, 1.6 s each time.
        log_level: What goes into the run's log file.
    """

    beam_args: tuple[str, ...] = (
        "--runner=FnApiRunner",
        "--direct_running_mode=in_memory",
        "--sdk_container_image=unused",
    )
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
        embedding: A frozen module before it; the pipeline has an Embedder where `embedding.enabled` is set.
        tuning: The search for hyper-parameters before it; off unless `tuning.trials` is set.
        evaluation: What blesses a model.
        push: Where a blessed model goes.
        runner: How the nodes are run.
        requires: Python distributions that the task's own data need beyond the project's.
        variants: Trainings that `slipway compare-variants` compares: the name of each to what it changes, such as
            `{"training.batch_size": 32}`.
    """

    name: str
    summary: str
    data: DataConfig
    schema: SchemaConfig
    transform: TransformConfig
    training: TrainingConfig
    evaluation: EvaluationConfig
    embedding: EmbeddingConfig = EmbeddingConfig()
    tuning: TuningConfig = TuningConfig()
    push: PushConfig = PushConfig()
    runner: RunnerConfig = RunnerConfig()
    requires: tuple[str, ...] = ()
    variants: dict[str, dict[str, Any]] = field(default_factory=dict)


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
        config = replaced_by_text(config, assignment)
    return config
