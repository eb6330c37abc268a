"""What comes before the first node: the TFRecords are written or found, and verified; the DAG is built."""

from pathlib import Path
from typing import NamedTuple

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline

from components.errors import UsageError, did_you_mean
from components.evaluator.eval_config import eval_config
from components.import_path import resolve
from components.trainer import search_config
from components.trainer.validate import validate
from pipeline import counted_rows, data_check, data_source
from pipeline.config import TaskConfig
from pipeline.dag import Places, create_pipeline
from pipeline.data_source import DataSource
from pipeline.home import Home


class Prepared(NamedTuple):
    """A task's pipeline, and the data that it is over."""

    pipeline: Pipeline
    source: DataSource


def prepare(
    task: TaskConfig, home: Home, artifacts: Path, enable_cache: bool = True, force_bless: str | None = None
) -> Prepared:
    """Returns the task's pipeline over verified data.

    Args:
        task: The task.
        home: Its home.
        artifacts: The pipeline root.
        enable_cache: Whether a node may take its outputs from an earlier run.
        force_bless: A person's reason to bless the model even if it misses its thresholds.

    Raises:
        UsageError: The configuration or the data folder is at fault.
        DataRefused: A record cannot be read, or a split is empty.
    """
    validate(task.training)
    task.tuning.check(task.training)
    for point in search_config.points(task.training, task.tuning.space) if task.tuning.trials else ():
        validate(point)
    eval_config(task.evaluation)
    check_outputs(task)
    places = Places(
        artifacts=str(artifacts),
        serving=task.push.directory or str(home.serving(task.name)),
        metadata=connection(home),
    )
    source = verified_data(task, home)
    return Prepared(create_pipeline(task, source, places, enable_cache, force_bless), source)


def connection(home: Home) -> metadata_store_pb2.ConnectionConfig:
    """Returns the connection to the home's ML Metadata."""
    return metadata.sqlite_metadata_connection_config(str(home.metadata_db))


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


def verified_data(task: TaskConfig, home: Home) -> DataSource:
    """Returns the task's TFRecords, after every record has been read once."""
    folder = task.data.path or home.data(task.name)
    if task.data.path is None:
        resolve(str(task.data.prepare), "data.prepare")(folder, **task.data.params)
    source = data_source.find(folder, task.data.splits, task.data.eval_share)
    home.data(task.name).mkdir(parents=True, exist_ok=True)
    data_check.verify(source, home.data(task.name) / counted_rows.CACHE)
    return source
