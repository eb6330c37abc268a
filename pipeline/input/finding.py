"""What a measurement of the input has found. No TensorFlow here: the command line reads it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.settings import from_dict, to_dict
from components.whole_file import whole_file

FINDING_FILE = "input.json"

READ, PARSE, PARSE_ALONE, DECODE, AUGMENT, BATCH, STEP = (
    "read",
    "parse",
    "parse, one by one",
    "decode",
    "augment",
    "batch",
    "step",
)
INPUT_STAGES = (READ, PARSE, BATCH)
NEGLIGIBLE_WAIT = 0.1
WORTH_IT = 1.2


@dataclass(frozen=True)
class Stage:
    """A part of the way from the files to the end of a step, by itself, on one thread.

    Args:
        name: What it does.
        milliseconds: Its time for one batch; None where there is nothing to do.
        note: What has to be known about it.
    """

    name: str
    milliseconds: float | None
    note: str = ""


@dataclass(frozen=True)
class Setting:
    """The stream of batches as it is with some settings.

    Args:
        name: What they change.
        milliseconds: Its time for one batch, with nothing else to do.
        memory_mb: Mebibytes of the rows that are held in memory; None where they are not.
        overrides: The changes, by their keys under `training`.
        step_milliseconds: A training step with it, in the mean; None where none was taken.
        wait: The share of its time, 0 to 1, that the step waited for the input.
    """

    name: str
    milliseconds: float
    memory_mb: float | None
    overrides: dict[str, Any] = field(default_factory=dict)
    step_milliseconds: float | None = None
    wait: float | None = None


@dataclass(frozen=True)
class Finding:
    """What takes the time, and what to set.

    Args:
        task: The task's name.
        run: The run whose examples were read.
        rows: Rows of the training split.
        batch_size: Rows of a batch.
        memory_mb: Mebibytes that a fix was allowed to take.
        stages: The parts.
        settings: What was tried; the first is what was configured.
        best: Which of the settings is to be taken, by its place.
    """

    task: str
    run: str
    rows: int
    batch_size: int
    memory_mb: int
    stages: tuple[Stage, ...]
    settings: tuple[Setting, ...]
    best: int = 0

    @property
    def before(self) -> Setting:
        """What was configured."""
        return self.settings[0]

    @property
    def after(self) -> Setting:
        """What is to be taken."""
        return self.settings[self.best]

    @property
    def bottleneck(self) -> str:
        """The stage that a training with the configured input spends most of its time on."""
        if self.before.wait is not None and self.before.wait < NEGLIGIBLE_WAIT:
            return STEP
        # What is in memory was read and parsed once.
        paid = (BATCH,) if self.before.memory_mb is not None else INPUT_STAGES
        costs = {one.name: one.milliseconds or 0.0 for one in self.stages if one.name in paid}
        return max(costs, key=lambda name: costs[name])

    def write(self, folder: Path) -> Path:
        """Writes `input.json` into a folder, beside and then renamed, and returns its path."""
        content = {**to_dict(self), "bottleneck": self.bottleneck}
        path = folder / FINDING_FILE
        with whole_file(path) as beside:
            beside.write_text(json.dumps(content, indent=2) + "\n")
        return path

    @classmethod
    def read(cls, folder: Path) -> "Finding | None":
        """Returns the finding in a folder; None if there is none."""
        file = folder / FINDING_FILE
        if not file.exists():
            return None
        content = json.loads(file.read_text())
        content.pop("bottleneck")
        return from_dict(cls, content)
