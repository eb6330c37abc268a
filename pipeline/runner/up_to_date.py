"""Tells without TensorFlow that a run would change nothing, and all that the last one made is still there."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.errors import SlipwayError
from components.settings import to_dict
from components.whole_file import whole_file
from pipeline import counted_rows, data_source
from pipeline.config import TaskConfig
from pipeline.data_source import DataSource
from pipeline.fingerprint import modules, versions
from pipeline.home import Home
from pipeline.payload import measure, stamps

FILE = "up_to_date.json"
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class LastRun:
    """The run whose outputs a run would take over again.

    Args:
        run_id: Its name.
        pushed_to: The folder of the version that its model is.
    """

    run_id: str
    pushed_to: Path


def inputs(task: TaskConfig, source: DataSource, roots: Iterable[str]) -> dict[str, Any]:
    """Returns all that decides on what a run makes.

    Args:
        task: The task.
        source: Its TFRecords.
        roots: Import paths of the functions and executors that its nodes run.
    """
    code = sorted({*roots, *filter(None, [task.data.prepare])})
    told = {
        "config": to_dict(task),
        "data": counted_rows.digest(source),
        "schema": _digest(PROJECT / task.schema.path),
        "roots": code,
        "modules": modules(*code),
        "versions": versions(),
    }
    return dict(json.loads(json.dumps(told)))


def _digest(path: Path) -> str | None:
    payload = measure(path)
    return payload.digest if payload else None


def remember(home: Home, task: str, last: LastRun, told: Mapping[str, Any], uris: Iterable[str]) -> None:
    """Notes a run after which everything is up to date.

    Args:
        home: Its home.
        task: Its task.
        last: The run.
        told: What `inputs` said before it.
        uris: Its artifacts.
    """
    there = {str(path): stamps(Path(path)) for path in sorted({*uris, str(last.pushed_to)})}
    file = home.pipelines(task) / FILE
    entry = {"run": last.run_id, "pushed_to": str(last.pushed_to), "inputs": told, "files": there}
    with whole_file(file) as beside:
        beside.write_text(json.dumps(entry) + "\n")


def find(home: Home, task: TaskConfig) -> LastRun | None:
    """Returns the run after which nothing has changed; None if something has, or nobody knows."""
    try:
        entry = json.loads((home.pipelines(task.name) / FILE).read_bytes())
        source = data_source.find(task.data.path or home.data(task.name), task.data.splits, task.data.eval_share)
        same = entry["inputs"] == inputs(task, source, entry["inputs"]["roots"])
        whole = all(files == _listed(Path(path)) for path, files in entry["files"].items())
    except (OSError, ValueError, KeyError, SlipwayError):
        return None
    return LastRun(entry["run"], Path(entry["pushed_to"])) if same and whole else None


def _listed(path: Path) -> list[list[Any]] | None:
    return [list(stamp) for stamp in stamps(path)] if path.exists() else None
