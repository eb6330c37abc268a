"""What a model predicted while it was still in the Trainer's memory, for raw examples that are kept with it.

It lies beside the SavedModel, not in it: it is not served. Who has loaded the export elsewhere can so tell whether it
is still the model that was trained, with the vocabularies it was trained on.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from components import tensors
from components.whole_file import whole_file

FILE = "reference_predictions.json"
SPLIT = "eval"
RAW_EXAMPLES = "raw_examples"  # The Trainer's input, and what `run_fn` finds their folders under.


@dataclass(frozen=True)
class ReferencePredictions:
    """What came out for some rows that went in as one batch.

    Args:
        examples: The raw rows, serialized tf.train.Example.
        features: The transformed features of the batch by name.
        outputs: The model's outputs for it by name.
        half: Whether layers compute in half precision, where the order of additions shows.
    """

    examples: tuple[bytes, ...]
    features: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]
    half: bool = False

    def write(self, folder: Path) -> None:
        """Writes it into the folder of a model artifact, beside and then renamed."""
        content = {
            "examples": [base64.b64encode(example).decode() for example in self.examples],
            "features": tensors.encode(_constants(self.features)),
            "outputs": tensors.encode(_constants(self.outputs)),
            "half": self.half,
        }
        with whole_file(folder / FILE) as beside:
            beside.write_text(json.dumps(content) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "ReferencePredictions | None":
        """Returns what lies in the folder of a model artifact; None where there is nothing, or nothing readable."""
        try:
            content = json.loads((folder / FILE).read_text())
            return cls(
                tuple(base64.b64decode(example) for example in content["examples"]),
                tensors.decode(content["features"]),
                tensors.decode(content["outputs"]),
                content["half"],
            )
        except (OSError, ValueError, KeyError):
            return None


def _constants(arrays: Mapping[str, np.ndarray]) -> dict[str, tf.Tensor]:
    return {name: tf.constant(array) for name, array in arrays.items()}


def first_rows(folders: Sequence[str], count: int) -> list[bytes]:
    """Returns the first serialized examples of a split that TFX has written, the same ones each time.

    Args:
        folders: The folders of the split.
        count: How many at most.
    """
    files = sorted(str(path) for folder in folders for path in Path(folder).iterdir())
    return list(tf.data.TFRecordDataset(files, "GZIP").take(count).as_numpy_iterator())
