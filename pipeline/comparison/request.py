"""What the watching process asks of the worker that compares: one JSON file in the report's folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings import from_dict, to_dict
from pipeline.comparison.contender import Contender
from pipeline.lineage.transformed import Transformed
from pipeline.runner.request import REQUEST_FILE, make_folder


@dataclass(frozen=True)
class ComparisonRequest:
    """One comparison.

    Args:
        run_id: Its name, also that of the run which transforms, where there is one.
        task: The task's name.
        home: The home directory, absolute.
        config: The task's configuration with the overrides applied, as `components.settings.to_dict` gives it.
        kind: What is compared, a key of `launch.KINDS`.
        contenders: Those that are compared.
        seeds: The seeds.
        epochs: Epochs of each training, of each stage where it has a recipe; None leaves them to the task.
        transformed: The examples; None makes them first.
    """

    run_id: str
    task: str
    home: str
    config: dict[str, Any]
    kind: str
    contenders: tuple[Contender, ...]
    seeds: tuple[int, ...]
    epochs: int | None = None
    transformed: Transformed | None = None

    def write(self, folder: Path) -> None:
        """Makes the report's folder with the request, an empty event file and an empty log."""
        make_folder(folder, to_dict(self))

    @classmethod
    def read(cls, folder: Path) -> "ComparisonRequest":
        """Returns the request in a report's folder."""
        return from_dict(cls, json.loads((folder / REQUEST_FILE).read_text()))
