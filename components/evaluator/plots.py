"""What a model is right and wrong about: `plots.json` in the folder of its evaluation. No TensorFlow here."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.settings import from_dict, to_dict
from components.whole_file import whole_file

FILE = "plots.json"

Kind = Literal["classes", "probability", "number"]

_PROBABILITY = ("AUC", "Binary", "Precision", "Recall")
_NUMBER = ("Error", "LogCosh", "Correlation", "Calibration")


@dataclass(frozen=True)
class Confusion:
    """How many examples of one class were taken for another, or for what they are.

    Args:
        actual: The class by its label.
        predicted: The class with the highest prediction.
        examples: How many.
    """

    actual: int
    predicted: int
    examples: float


@dataclass(frozen=True)
class Bucket:
    """The examples in one range of values.

    Args:
        lower: From this value on.
        upper: To below this value.
        examples: How many.
        label: The mean of their labels.
        prediction: The mean of their predictions.
    """

    lower: float
    upper: float
    examples: float
    label: float
    prediction: float


@dataclass(frozen=True)
class OutputPlots:
    """One output of a model over the whole split.

    Args:
        output: Its name; empty where the model has one.
        kind: `classes`: a score for each class. `probability`: of the label's being 1. `number`: an estimate of it.
        confusions: Of classes, the most frequent first.
        buckets: Of the others, by the prediction.
        errors: Of a number, by prediction minus label.
        left_out: Examples whose prediction or label is no finite number.
    """

    output: str
    kind: Kind
    confusions: tuple[Confusion, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    errors: tuple[Bucket, ...] = ()
    left_out: float = 0.0


@dataclass(frozen=True)
class Plots:
    """All outputs that were evaluated, in the order of the configuration."""

    outputs: tuple[OutputPlots, ...] = ()


def kind_of(metrics: Iterable[str]) -> Kind | None:
    """Returns what an output is, as far as the names of its metrics tell.

    Example:
        >>> kind_of(["AUC", "ExampleCount"]), kind_of(["SparseCategoricalAccuracy"]), kind_of(["ExampleCount"])
        ('probability', 'classes', None)
    """
    names = list(metrics)
    if any("Categorical" in name or name.startswith("MultiClass") for name in names):
        return "classes"
    if any(name.startswith(_PROBABILITY) for name in names):
        return "probability"
    return "number" if any(name.endswith(_NUMBER) for name in names) else None


def write(plots: Plots, folder: Path) -> None:
    """Writes it into the folder of an `evaluation` artifact, beside and then renamed."""
    with whole_file(folder / FILE) as beside:
        beside.write_text(json.dumps(to_dict(plots), allow_nan=False) + "\n")


def read(folder: Path) -> Plots:
    """Returns what lies in the folder of an `evaluation` artifact.

    Raises:
        OSError: There is none.
        ValueError: It is no JSON.
        UsageError: It is another file.
    """
    return from_dict(Plots, json.loads((folder / FILE).read_text()))
