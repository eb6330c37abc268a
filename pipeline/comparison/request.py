"""What the watching process asks of the worker that compares optimizers: one JSON file in the report's folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings import from_dict, to_dict
from pipeline.comparison.contender import Contender
from pipeline.lineage.transformed import Transformed
from pipeline.runner.request import EVENTS_FILE, LOG_FILE, REQUEST_FILE


@dataclass(frozen=True)
class ComparisonRequest:
    """One comparison.

    Args:
        run_id: Its name, also that of the run which transforms, where there is one.
        home: The home directory, absolute.
        config: The task's configuration with the overrides applied, as `components.settings.to_dict` gives it.
        contenders: The optimizers.
        seeds: The seeds.
        transformed: The examples; None makes them first.
    """

    run_id: str
    home: str
    config: dict[str, Any]
    contenders: tuple[Contender, ...]
    seeds: tuple[int, ...]
    transformed: Transformed | None = None

    def write(self, folder: Path) -> None:
        """Makes the report's folder with the request, an empty event file and an empty log."""
        folder.mkdir(parents=True)
        (folder / EVENTS_FILE).touch()
        (folder / LOG_FILE).touch()
        (folder / REQUEST_FILE).write_text(json.dumps(to_dict(self), indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "ComparisonRequest":
        """Returns the request in a report's folder."""
        return from_dict(cls, json.loads((folder / REQUEST_FILE).read_text()))
