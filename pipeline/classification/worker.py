"""The process that loads a served model and asks it: python -m pipeline.classification.worker FOLDER."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components.errors import DataRefused, UsageError
from pipeline.raw_tensors import reason, tensor
from pipeline.runner.answer import answer

# Between rounding in half precision and what is no probability at all.
_TOLERANCE = 1e-2


def classify(question: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the likeliest classes of each row; see `pipeline.classification.classify`."""
    try:
        signature = tf.saved_model.load(question["model"]).signatures["serving_default"]
    except (OSError, KeyError, ValueError) as error:
        raise UsageError(
            "TensorFlow must be able to load the model, with the signature `serving_default`.",
            received=f"{question['model']} ({str(error).splitlines()[0]})",
        ) from error
    specs = signature.structured_input_signature[1]
    rows = zip(question["items"], question["rows"], strict=True)
    return [_classify(signature, specs, item, row, question["top"]) for item, row in rows]


def _classify(signature: Any, specs: Mapping[str, Any], item: str, row: Mapping[str, Any], top: int) -> dict[str, Any]:
    inputs = {name: tensor(specs[name], row[name]) for name in specs}
    try:
        probabilities = _probabilities(signature(**inputs))
    except tf.errors.OpError as error:
        raise DataRefused("The model must be able to read the input.", received=f"{item} ({reason(error)})") from error
    order = np.argsort(-probabilities, kind="stable")[:top]
    classes = [{"id": int(number), "probability": float(probabilities[number])} for number in order]
    return {"input": item, "of": len(probabilities), "classes": classes}


def _probabilities(outputs: Mapping[str, tf.Tensor]) -> np.ndarray:
    """Returns the probability of each class, [classes], of the only row."""
    if len(outputs) != 1:
        raise UsageError(
            "The model must have one output, the probabilities of classes.", received=f"outputs {', '.join(outputs)}"
        )
    [(name, values)] = outputs.items()
    found = np.asarray(values, np.float64).reshape(-1)
    if len(found) == 1:
        found = np.array([1 - found[0], found[0]])
    if found.min() < -_TOLERANCE or abs(found.sum() - 1) > _TOLERANCE:
        raise UsageError(
            "The output of the model must be probabilities that add up to 1.",
            received=f"{name} with the sum {found.sum():.3g}",
        )
    return found


if __name__ == "__main__":
    sys.exit(answer(Path(sys.argv[1]), classify))
