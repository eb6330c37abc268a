"""A task and its stages as frozen dataclasses, and the strict overrides of `--set`.

>>> from pipeline import tasks
>>> override(tasks.load("taxi"), ["training.epochs=2"]).training.epochs
2
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from components.embedding.config import EmbeddingConfig
from components.errors import UsageError
from components.evaluator.config import EvaluationConfig
from components.overrides import replaced_by_text
from components.serving_check.config import ServingCheckConfig
from components.trainer.config import TrainingConfig
from components.trainer.search_config import TuningConfig
from pipeline.kubeflow_config import KubeflowConfig


@dataclass(frozen=True)
class DataConfig:
    """Where the TFRecords are.

    Args:
        path: A folder of TFRecords (gzip or plain). None: the task writes its own with `prepare`.
        prepare: Import path of `prepare(folder, **params)`, which writes the task's TFRecords into a folder.
        params: Arguments for `prepare`.
        splits: Split name to file pattern inside the folder; `{SPAN}` in each stands for the highest number there. A
            folder in which no pattern matches is split by hash.
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
class NodeConfig:
    """How one node is run.

    Args:
        timeout_s: Seconds after which it is taken for hung and killed; None is no limit.
        memory_mib: Private memory that it may take beyond what its process starts with; None is no limit.
        retries: How often it is tried again after a failure that can pass, such as a kill or a lost connection.
        beam_args: Beam's options for this node, after those of `runner.beam_args`; alone, if they name a runner.
    """

    timeout_s: float | None = None
    memory_mib: int | None = None
    retries: int = 0
    beam_args: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunnerConfig:
    """How the nodes are run.

    Args:
        beam_args: Beam's own options. The default keeps everything in one process, which on two cores beats several. It
            names the runner, as Beam's default first tries Prism, a binary that it downloads. And it names a container
            image, which nothing in one process uses, because TFX would otherwise package itself for remote workers at
            every node, 1.6 s each time.
        nodes: Limits, retries and Beam's options by the id of a node.
        metadata: A server for ML Metadata, `mysql://USER@HOST/DATABASE` or `postgresql://...`; the password comes from
            the environment (`docs/metadata.md`). None takes the home's file.
        log_level: What goes into the run's log files.
    """

    beam_args: tuple[str, ...] = (
        "--runner=FnApiRunner",
        "--direct_running_mode=in_memory",
        "--sdk_container_image=unused",
    )
    nodes: dict[str, NodeConfig] = field(default_factory=dict)
    metadata: str | None = None
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
        serving: What the exported model must answer, and how fast, before it is pushed.
        push: Where a blessed model goes.
        runner: How the nodes are run.
        kubeflow: What the nodes' pods get on Kubeflow.
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
    serving: ServingCheckConfig = ServingCheckConfig()
    push: PushConfig = PushConfig()
    runner: RunnerConfig = RunnerConfig()
    kubeflow: KubeflowConfig = KubeflowConfig()
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
