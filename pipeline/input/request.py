"""What the watching process asks of the worker that measures the input: one JSON file in the report's folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings import from_dict, to_dict
from pipeline.lineage.transformed import Transformed
from pipeline.runner.request import REQUEST_FILE, make_folder


@dataclass(frozen=True)
class InputRequest:
    """One measurement.

    Args:
        run_id: Its name.
        task: The task's name.
        config: The task's configuration with the overrides applied, as `components.settings.to_dict` gives it.
        transformed: The examples.
        memory_mb: Mebibytes that a fix may take.
        batches: Batches of each measurement.
    """

    run_id: str
    task: str
    config: dict[str, Any]
    transformed: Transformed
    memory_mb: int
    batches: int

    def write(self, folder: Path) -> None:
        """Makes the report's folder with the request, an empty event file and an empty log."""
        make_folder(folder, to_dict(self))

    @classmethod
    def read(cls, folder: Path) -> "InputRequest":
        """Returns the request in a report's folder."""
        return from_dict(cls, json.loads((folder / REQUEST_FILE).read_text()))
