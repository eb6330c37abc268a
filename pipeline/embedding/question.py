"""What the command line asks about vectors. No TensorFlow here."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class NeighboursQuestion:
    """Which examples are like one?

    Args:
        home: The home, absolute.
        config: The task's configuration, as `components.settings.to_dict` gives it.
        query: `#ROW` of the split, or a raw input: a text, or the path of an image or a sound file.
        others: Values of the other raw inputs by name.
        k: How many neighbours.
        split: Where they are looked for.
    """

    home: str
    config: dict[str, Any]
    query: str
    others: dict[str, str] = field(default_factory=dict)
    k: int = 5
    split: str = "eval"


@dataclass(frozen=True)
class SimilarityQuestion:
    """How like each other are the examples of each class?

    Args:
        home: The home, absolute.
        config: The task's configuration, as `components.settings.to_dict` gives it.
        rows: Examples in the picture at most, as many of each class; the means are over all.
        split: The split.
        out: The picture.
    """

    home: str
    config: dict[str, Any]
    rows: int
    split: str
    out: str
