"""A split as trainings see it: rows as features and label, in an endless shuffled stream or in order."""

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import tensorflow as tf

from components.errors import UsageError, did_you_mean
from components.trainer import sequences
from components.trainer.sources.source import Features

Augmentation: TypeAlias = Callable[[Features, tf.Tensor | None], Features]
"""Changes the features of one row, by a seed of two int64; None in evaluation, where nothing is left to chance."""


@dataclass(frozen=True)
class Reader:
    """How parsed columns become features and a label.

    Args:
        spec: Feature spec of the features to read and of the labels.
        label: Name of the label, or that of each output of the model by the name of the output.
        ragged: Whether lists of any length stay ragged tensors; otherwise they are padded.
    """

    spec: Mapping[str, Any]
    label: str | Mapping[str, str]
    ragged: bool = False

    def split(self, parsed: Mapping[str, Any]) -> tuple[Features, Any]:
        """Returns (features, label), the labels of several outputs by the names of the outputs."""
        if not self.ragged:
            parsed = {name: sequences.padded(value) for name, value in parsed.items()}
        if isinstance(self.label, str):
            return {name: value for name, value in parsed.items() if name != self.label}, parsed[self.label]
        features = {name: value for name, value in parsed.items() if name not in self.label.values()}
        return features, {output: parsed[name] for output, name in self.label.items()}

    def check_labels(self, columns: Mapping[str, Any]) -> None:
        """Raises a UsageError unless every label is a column."""
        for label in self.labels:
            if label not in columns:
                raise UsageError(
                    "The label must be a feature of the source.",
                    received=f"label={label}",
                    fix=did_you_mean(label, columns),
                )

    @property
    def labels(self) -> set[str]:
        """The names of all labels."""
        return {self.label} if isinstance(self.label, str) else set(self.label.values())


class Split(abc.ABC):
    """The rows of a split.

    Attributes:
        rows: How many there are, at least one.
    """

    rows: int

    @abc.abstractmethod
    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        """Returns the endless shuffled stream of `(features, label)`.

        Args:
            batch_size: Rows in every batch, for all replicas together.
            seed: Decides on the order.
            first_step: The batch to begin with, counted from 0.
        """

    @abc.abstractmethod
    def evaluation(self, batches: int) -> tf.data.Dataset:
        """Returns every row once, in order, as `(features, label)`, then all of them again, without an end.

        Args:
            batches: In how many batches, at most as many as there are rows.
        """
