"""The models and rows that `training.py` trains."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.trainer.config import ModelConfig, TrainingConfig
from components.trainer.input_pipeline import InMemory, Reader

IDS, WORDS = 8, 50

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """A model, its rows and the steps of an epoch."""

    build: Callable[[], keras.Model]
    columns: Callable[[np.random.Generator], Columns]
    batch_size: int
    steps: int
    steps_per_execution: int

    def config(self, **changes: Any) -> TrainingConfig:
        """Returns the training."""
        return TrainingConfig(
            ModelConfig(""), "y", "binary_crossentropy", ("AUC",), batch_size=self.batch_size, **changes
        )

    def split(self) -> InMemory:
        """Returns the rows, held in memory."""
        columns = {name: tf.constant(values) for name, values in self.columns(np.random.default_rng(0)).items()}
        return InMemory(columns, Reader(dict.fromkeys(columns, tf.io.FixedLenFeature([], tf.float32)), "y"))


def table_model() -> keras.Model:
    """A model like that of the taxi task: numbers and small embeddings into two dense layers."""
    numbers = keras.Input((12,), name="numbers")
    ids = {name: keras.Input((1,), name=name, dtype="int64") for name in (f"id_{number}" for number in range(IDS))}
    embedded = [keras.layers.Flatten()(keras.layers.Embedding(WORDS, 8)(one)) for one in ids.values()]
    hidden = keras.layers.Concatenate()([numbers, *embedded])
    for units in (64, 32):
        hidden = keras.layers.Dense(units, activation="relu")(hidden)
    return keras.Model({"numbers": numbers, **ids}, keras.layers.Dense(1, activation="sigmoid")(hidden))


def table_columns(draw: np.random.Generator, rows: int = 8192) -> Columns:
    """Columns for `table_model`."""
    ids = {f"id_{number}": draw.integers(0, WORDS, (rows, 1)) for number in range(IDS)}
    return {"numbers": draw.normal(size=(rows, 12)).astype("float32"), **ids, "y": draw.integers(0, 2, rows)}


def image_model(size: int = 28, filters: int = 16) -> keras.Model:
    """A small convolutional net."""
    image = keras.Input((size, size, 1), name="image")
    hidden = image
    for factor in (1, 2):
        hidden = keras.layers.Conv2D(factor * filters, 3, padding="same", activation="relu")(hidden)
        hidden = keras.layers.MaxPooling2D()(hidden)
    return keras.Model({"image": image}, keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(hidden)))


def image_columns(draw: np.random.Generator, size: int = 28, rows: int = 1024) -> Columns:
    """Columns for `image_model`."""
    return {
        "image": draw.normal(size=(rows, size, size, 1)).astype("float32"),
        "y": draw.integers(0, 2, rows),
    }
