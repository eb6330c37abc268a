"""What the watching process asks of the worker: one JSON file in the run's folder."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.whole_file import whole_file

REQUEST_FILE = "config.json"
EVENTS_FILE = "events.jsonl"
LOG_FILE = "log.txt"
PIPELINE_FILE = "pipeline.pb"
TEMPORARY_FOLDER = "tmp"
LOCAL, BEAM = "local", "beam"


@dataclass(frozen=True)
class RunOptions:
    """Which nodes run, and how.

    Args:
        from_node: First node that runs; what is before it is taken from the latest run. None: from the start.
        to_node: Last node that runs. None: to the end.
        jobs: Nodes that run at the same time at most; None is a node for each core.
        no_cache: Whether every node runs even if nothing changed.
        explain: Whether each node is shown with the reason why it ran, or did not.
        dry_run: Whether nothing runs, and only what would is shown.
        runner: `local`, or `beam` for TFX's BeamDagRunner.
        force_bless: Why the model is blessed even if it misses its thresholds; None lets them decide.
    """

    from_node: str | None = None
    to_node: str | None = None
    jobs: int | None = None
    no_cache: bool = False
    explain: bool = False
    dry_run: bool = False
    runner: str = LOCAL
    force_bless: str | None = None


@dataclass(frozen=True)
class RunRequest:
    """One run.

    Args:
        run_id: The run's name in ML Metadata and in the home.
        task: The task's name.
        home: The home directory, absolute.
        config: The task's configuration with the overrides applied, as `components.settings.to_dict` gives it.
        overrides: The overrides as they were typed.
        options: Which nodes run, and how.
    """

    run_id: str
    task: str
    home: str
    config: dict[str, Any]
    overrides: tuple[str, ...] = ()
    options: RunOptions = field(default_factory=RunOptions)

    def write(self, folder: Path) -> None:
        """Makes the run's folder with the request, an empty event file and an empty log."""
        make_folder(folder, dataclasses.asdict(self))

    @classmethod
    def read(cls, folder: Path) -> "RunRequest":
        """Returns the request in a run's folder."""
        values = json.loads((folder / REQUEST_FILE).read_text())
        options = RunOptions(**values.pop("options"))
        return cls(**{**values, "overrides": tuple(values["overrides"]), "options": options})


def log_file(folder: Path, node: str) -> Path:
    """Returns the log of a node of a run."""
    return folder / "logs" / f"{node}.txt"


def make_folder(folder: Path, values: dict[str, Any]) -> None:
    """Makes a folder with a request, an empty event file and an empty log."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / EVENTS_FILE).touch()
    (folder / LOG_FILE).touch()
    with whole_file(folder / REQUEST_FILE) as beside:
        beside.write_text(json.dumps(values, indent=2) + "\n")
