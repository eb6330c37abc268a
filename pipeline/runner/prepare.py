"""What comes before the first node: the configuration is checked against itself, and the DAG is built."""

from pathlib import Path

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.pipeline import Pipeline

from components.errors import UsageError, did_you_mean
from components.evaluator.eval_config import eval_config
from components.trainer import search_config
from components.trainer.validate import validate
from pipeline.config import TaskConfig
from pipeline.dag import Places, create_pipeline
from pipeline.data_source import DataSource
from pipeline.home import Home
from pipeline.runner.stores import store_of


def prepare(
    task: TaskConfig,
    source: DataSource,
    home: Home,
    artifacts: Path,
    enable_cache: bool = True,
    force_bless: str | None = None,
) -> Pipeline:
    """Returns the task's pipeline over verified data.

    Args:
        task: The task.
        source: Its TFRecords.
        home: Its home.
        artifacts: The pipeline root.
        enable_cache: Whether a node may take its outputs from an earlier run.
        force_bless: A person's reason to bless the model even if it misses its thresholds.

    Raises:
        UsageError: The configuration is at fault.
    """
    check_task(task)
    places = Places(
        artifacts=str(artifacts),
        serving=task.push.directory or str(home.serving(task.name)),
        metadata=connection(task, home),
    )
    return create_pipeline(task, source, places, enable_cache, force_bless)


def connection(task: TaskConfig, home: Home) -> metadata_store_pb2.ConnectionConfig:
    """Returns the connection to ML Metadata: the task's server, or the home's file."""
    return store_of(task, home).config()


def check_task(task: TaskConfig) -> None:
    """Raises a UsageError if the configuration contradicts itself, wherever the task is to run."""
    validate(task.training)
    task.tuning.check(task.training)
    for point in search_config.points(task.training, task.tuning.space) if task.tuning.trials else ():
        validate(point)
    eval_config(task.evaluation)
    check_outputs(task)


def check_outputs(task: TaskConfig) -> None:
    """Raises a UsageError unless the outputs that are evaluated are those that are trained."""
    trained, evaluated = task.training.outputs, task.evaluation.outputs
    for name in evaluated:
        if name not in trained:
            raise UsageError(
                "Each of evaluation.outputs must be one of training.outputs.",
                received=name,
                fix=did_you_mean(name, trained),
            )
    if trained and not evaluated:
        raise UsageError(
            "A model of several outputs is evaluated output by output.",
            received="evaluation.outputs={}",
            fix=f"Describe some of {', '.join(trained)} in evaluation.outputs.",
        )
