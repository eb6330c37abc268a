"""The data of a run: written or found, and every record read once, in a child while the worker still imports TFX."""

from pathlib import Path
from typing import Any

from components.import_path import resolve
from components.settings import to_dict
from pipeline import counted_rows, data_check, data_source
from pipeline.config import TaskConfig
from pipeline.data_source import DataSource
from pipeline.home import Home
from pipeline.runner.child import Child


def start(task: TaskConfig, home: Home, log: Path) -> Child:
    """Starts to make a task's TFRecords ready; `source` waits for them.

    Args:
        task: The task.
        home: Its home.
        log: The run's log.
    """
    return Child("data", lambda: _told(verified_data(task, home)), log)


def source(started: Child) -> DataSource:
    """Returns the TFRecords that `start` has made ready.

    Raises:
        UsageError: The data folder is at fault.
        DataRefused: A record cannot be read, or a split is empty.
    """
    told = started.finish()
    files = {split: tuple(names) for split, names in told["files"].items()}
    return DataSource(Path(told["folder"]), told["patterns"], files, told["buckets"])


def verified_data(task: TaskConfig, home: Home) -> DataSource:
    """Returns the task's TFRecords, after every record has been read once."""
    folder = task.data.path or home.data(task.name)
    if task.data.path is None:
        resolve(str(task.data.prepare), "data.prepare")(folder, **task.data.params)
    found = data_source.find(folder, task.data.splits, task.data.eval_share)
    home.data(task.name).mkdir(parents=True, exist_ok=True)
    data_check.verify(found, home.data(task.name) / counted_rows.CACHE)
    return found


def _told(found: DataSource) -> dict[str, Any]:
    return {**to_dict(found), "folder": str(found.folder)}
