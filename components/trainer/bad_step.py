"""A training step that is not finite, as it is kept on disk: its batch, the weights before it, and what was found."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.errors import UsageError
from components.settings import from_dict, to_dict
from components.trainer.config import TrainingConfig
from components.trainer.nonfinite import NonFinite

BATCH, WEIGHTS_FILE, REPORT_FILE = "batch", "weights.npz", "report.json"


@dataclass(frozen=True)
class BadStep:
    """What `report.json` says of a step.

    Args:
        step: The number of the step in the training, counted from 1.
        epoch: Its epoch, counted from 1.
        step_in_epoch: Its number in the epoch, counted from 1.
        examples: A hash of each row of the batch, in order, over its features, its label and its weight.
        found: The first value that is not finite, None where all were when the step was computed once more.
        loss_scale: What the loss was multiplied with.
        stage: The stage of the recipe, counted from 0.
        training: The configuration.
        transform_output: Transform's output, which the model is built from.
    """

    step: int
    epoch: int
    step_in_epoch: int
    examples: tuple[str, ...]
    found: NonFinite | None
    loss_scale: float
    stage: int
    training: TrainingConfig
    transform_output: str

    @property
    def batch(self) -> str:
        """A hash of the batch."""
        return _digest("".join(self.examples).encode())

    def __str__(self) -> str:
        """Says in one line what was found, in which step, examples and batch."""
        place = f"step {self.step} (epoch {self.epoch}, step {self.step_in_epoch})"
        if self.found is None:
            return f"a value that is finite when {place}, batch {self.batch}, is computed once more"
        rows = [f"{self.examples[row]} (row {row})" for row in self.found.rows[:3] if row < len(self.examples)]
        others = [f"{len(self.found.rows) - 3} more"] if len(self.found.rows) > 3 else []
        examples = f"example {', '.join([*rows, *others])} of " if rows else ""
        return f"{self.found.value} in {self.found.where} at {place}, {examples}batch {self.batch}"


def save(folder: Path, bad_step: BadStep, batches: tf.data.Dataset, model: keras.Model) -> None:
    """Writes a step into a folder, beside and then renamed; one that is there already stays.

    Args:
        folder: Where to.
        bad_step: The step.
        batches: Its micro-batches.
        model: The model, with the weights from before the step.
    """
    if folder.exists():
        return
    beside = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(beside, ignore_errors=True)
    batches.save(str(beside / BATCH))
    np.savez(beside / WEIGHTS_FILE, *[variable.numpy() for variable in model.variables])
    (beside / REPORT_FILE).write_text(json.dumps({"batch": bad_step.batch, **to_dict(bad_step)}, indent=2) + "\n")
    beside.replace(folder)


def load(folder: Path) -> tuple[BadStep, tf.data.Dataset, list[Any]]:
    """Reads what `save` has written.

    Returns:
        The step, its micro-batches, and the values of the model's variables.

    Raises:
        UsageError: There is no such step.
    """
    if not (folder / REPORT_FILE).exists():
        raise UsageError("The folder must hold a step that a training has kept.", received=str(folder))
    values = json.loads((folder / REPORT_FILE).read_text())
    del values["batch"]
    with np.load(folder / WEIGHTS_FILE) as weights:
        arrays = [weights[f"arr_{number}"] for number in range(len(weights.files))]
    return from_dict(BadStep, values), tf.data.Dataset.load(str(folder / BATCH)), arrays


def digests(batches: Iterable[Any]) -> tuple[str, ...]:
    """Returns a hash of each row of a batch, given as its micro-batches: of its features, its label and its weight."""
    return tuple(digest for batch in batches for digest in _digests(batch))


def _digests(batch: Any) -> list[str]:
    columns = [_dense(value) for value in keras.tree.flatten(batch) if value is not None]
    return [_digest(*[_bytes(column[row]) for column in columns]) for row in range(len(columns[0]))]


def _dense(value: Any) -> np.ndarray:
    if isinstance(value, tf.SparseTensor):
        value = tf.sparse.to_dense(value)
    elif isinstance(value, tf.RaggedTensor):
        value = value.to_tensor()
    return np.asarray(value)


def _bytes(values: Any) -> bytes:
    array = np.asarray(values)
    return b"\0".join(array.ravel().tolist()) if array.dtype == object else array.tobytes()


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]
