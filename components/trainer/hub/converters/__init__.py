"""Published weights as modules in the TF Hub SavedModel format: converted, or as they ship. None is from TF Hub.

Listing them loads no TensorFlow.
"""

import importlib
from pathlib import Path

from components.errors import UsageError, did_you_mean

CONVERTERS = {
    "basic-pitch": "Samples [N, 43844, 1] at 22,050 Hz to notes [N, 172, 88]; as it ships, Apache-2.0.",
    "efficientnet-lite0": "Pictures [N, height, width, 3] in 0..1 to [N, 1280]; ImageNet weights, Apache-2.0.",
    "glove-50d": "Strings [N] to [N, 50], the mean of their words' GloVe vectors; PDDL-1.0.",
    "minilm-l6": "Word pieces [N, length] to sentences [N, 384]; all-MiniLM-L6-v2, Apache-2.0.",
}


def build(name: str, folder: Path) -> Path:
    """Writes a module in the TF Hub SavedModel format and returns its folder.

    Args:
        name: One of `CONVERTERS`.
        folder: Where to; it appears whole or not at all. A module that is there already is left as it is.

    Raises:
        UsageError: There is no converter of this name, the folder holds something else, or the package with the weights
            is not installed.
    """
    if name not in CONVERTERS:
        raise UsageError(
            "There must be a converter of the name.", received=f"name={name}", fix=did_you_mean(name, CONVERTERS)
        )
    if folder.exists():
        if (folder / "saved_model.pb").is_file():
            return folder
        raise UsageError("A module needs a folder of its own.", received=f"{folder}, which exists", fix="Name another.")
    converter = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return converter.build(folder)
