"""How a new task's model is built and trained, by how many rows there are to learn from."""

import math
from dataclasses import dataclass
from typing import Any

from pipeline.new.findings import Findings

_STEPS = 3000
_MOST_EPOCHS = {"csv": 60, "tfrecords": 60, "images": 20, "audio": 20}
_LARGE_PICTURE = 32

_TRAINED = {
    "binary": ("binary_crossentropy", ("AUC", "BinaryAccuracy")),
    "classes": ("sparse_categorical_crossentropy", ("Accuracy",)),
    "value": ("mean_squared_error", ("MeanAbsoluteError",)),
}
_EVALUATED = {
    "binary": ("AUC", "BinaryAccuracy", "BinaryCrossEntropy", "ExampleCount"),
    "classes": ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "ExampleCount"),
    "value": ("RootMeanSquaredError", "MeanAbsoluteError", "ExampleCount"),
}


@dataclass(frozen=True)
class Plan:
    """A training.

    Args:
        params: Arguments of `build_model`.
        loss: The loss.
        metrics: Metrics of the training.
        evaluated: Metrics of the Evaluator.
        learning_rate: Of Adam.
        batch_size: Examples a step.
        epochs: Passes at most.
        patience: Epochs without improvement before it stops.
    """

    params: dict[str, Any]
    loss: str
    metrics: tuple[str, ...]
    evaluated: tuple[str, ...]
    learning_rate: float
    batch_size: int
    epochs: int
    patience: int


def plan(findings: Findings) -> Plan:
    """Returns the training of a task: as many epochs as make about 3,000 steps, few rows in small batches."""
    problem, rows = findings.problem, findings.rows - findings.eval_rows
    batch = 16 if rows < 500 else 32 if rows < 5_000 else 64 if rows < 100_000 else 256
    epochs = min(_MOST_EPOCHS[findings.source.kind], max(4, math.ceil(_STEPS * batch / rows)))
    loss, metrics = _TRAINED[problem.kind]
    return Plan(
        params=_params(findings),
        loss=loss,
        metrics=metrics,
        evaluated=_EVALUATED[problem.kind],
        learning_rate=0.002 if rows < 5_000 else 0.001,
        batch_size=batch,
        epochs=epochs,
        patience=max(3, epochs // 5),
    )


def _params(findings: Findings) -> dict[str, Any]:
    problem = findings.problem
    if findings.source.kind in ("images", "audio"):
        small = 0 < findings.size < _LARGE_PICTURE
        return {"filters": [16, 32] if small else [16, 32, 64], "dropout": 0.3}
    embedding = {"embedding_size": 8} if any(feature.role == "category" for feature in findings.features) else {}
    value = problem.kind == "value"
    scale = {"centre": _short(problem.mean), "spread": _short(problem.deviation)} if value else {}
    return {"hidden_units": [64, 32], **embedding, "dropout": 0.2, **scale}


def _short(value: float) -> float:
    return float(f"{value:.4g}")
