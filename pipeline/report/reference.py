"""The raw rows and predictions that the Trainer leaves beside its export, read without TensorFlow."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.report.tf_messages import array, features

FILE = "reference_predictions.json"


@dataclass(frozen=True)
class Reference:
    """Raw rows, and what the model made of them.

    Args:
        rows: The features of each row, name to values.
        outputs: The model's outputs by name, [rows, ...].
    """

    rows: tuple[Mapping[str, list[Any]], ...]
    outputs: Mapping[str, np.ndarray]

    @classmethod
    def read(cls, folder: Path) -> "Reference | None":
        """Returns what lies in the folder of a model artifact; None where there is nothing, or nothing readable.

        Outputs that are no numbers, or not one for each row, are left out.
        """
        try:
            content = json.loads((folder / FILE).read_text())
            rows = tuple(features(base64.b64decode(example)) for example in content["examples"])
            named = {str(name): _array(text) for name, text in content["outputs"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        fitting = {name: one for name, one in named.items() if one is not None and one.shape[:1] == (len(rows),)}
        return cls(rows, fitting)


def _array(text: str) -> np.ndarray | None:
    try:
        return array(base64.b64decode(text))
    except ValueError:
        return None
