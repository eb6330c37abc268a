"""What was found in the data, which is all that the files of a task are made of."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["csv", "tfrecords", "images", "audio"]
Role = Literal["number", "category", "text"]


@dataclass(frozen=True)
class Source:
    """The data.

    Args:
        path: The file or the folder, absolute.
        kind: What is in it.
        delimiter: Of a CSV.
    """

    path: str
    kind: Kind
    delimiter: str = ","


@dataclass(frozen=True)
class Feature:
    """A raw feature that the model learns from.

    Args:
        name: Its name in the records.
        column: Its name in the data.
        type: `INT`, `FLOAT` or `BYTES`.
        role: What is made of it.
        present: Share of the rows that have it.
        minimum: Of a number.
        maximum: Of a number.
        width: How many values a row has.
    """

    name: str
    column: str
    type: Literal["INT", "FLOAT", "BYTES"]
    role: Role
    present: float = 1.0
    minimum: float | None = None
    maximum: float | None = None
    width: int = 1

    @property
    def required(self) -> bool:
        """Whether every row has it."""
        return self.present == 1.0


@dataclass(frozen=True)
class Problem:
    """What is learned.

    Args:
        kind: `binary` for one of two classes, `classes` for one of several, `value` for a number.
        label: Name of the label in the records.
        column: Its name in the data.
        type: Its type in the records.
        why: What decided the kind, as a phrase.
        classes: Names of the classes in the order of their ids; empty for a number.
        counts: Rows of each class.
        mean: Of a number.
        deviation: Standard deviation of a number.
        minimum: Of a number.
        maximum: Of a number.
    """

    kind: Literal["binary", "classes", "value"]
    label: str
    column: str
    type: Literal["INT", "FLOAT"]
    why: str
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    mean: float = 0.0
    deviation: float = 0.0
    minimum: float = 0.0
    maximum: float = 0.0

    @property
    def named(self) -> bool:
        """Whether its classes have names that say more than their ids."""
        return self.classes != tuple(str(number) for number in range(len(self.classes)))


@dataclass(frozen=True)
class SchemaFeature:
    """A feature of the curated schema.

    Args:
        name: Its name.
        type: `INT`, `FLOAT` or `BYTES`.
        comment: A line about it; empty for none.
        min_fraction: The share of the rows that must have it.
        width: How many values a row has that has it.
        minimum: The least allowed number, as text.
        maximum: The greatest allowed number, as text.
        values: The allowed texts; empty allows any.
        categorical: Whether the numbers are names of classes.
        image: Whether it is an encoded picture.
        served: Whether it exists when the model serves.
    """

    name: str
    type: Literal["INT", "FLOAT", "BYTES"]
    comment: str = ""
    min_fraction: float = 1.0
    width: int = 1
    minimum: str | None = None
    maximum: str | None = None
    values: tuple[str, ...] = ()
    categorical: bool = False
    image: bool = False
    served: bool = True


@dataclass(frozen=True)
class Findings:
    """Everything about the data that a task is made of.

    Args:
        name: The task's name.
        source: The data.
        problem: What is learned.
        rows: How many rows there are.
        eval_rows: How many of them evaluate the model, about.
        features: What it is learned from.
        left_out: Columns that it is not learned from, each with the reason.
        notes: What a person should know.
        schema: The curated schema; empty until it is inferred.
        size: Pixels of a side of a picture, as the model sees it.
        channels: 1 for grey pictures, 3 for colour.
        rate: Hz of the sounds, as the model hears them.
        seconds: How much of a sound the model hears.
        requires: Packages that reading the data needs.
    """

    name: str
    source: Source
    problem: Problem
    rows: int
    eval_rows: int
    features: tuple[Feature, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    schema: tuple[SchemaFeature, ...] = ()
    size: int = 0
    channels: int = 0
    rate: int = 0
    seconds: float = 0.0
    requires: tuple[str, ...] = ()
