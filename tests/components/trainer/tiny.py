"""A task that is small enough for tests: rows, schema, preprocessing and a model with every kind of feature."""

import random
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from components.trainer.config import CallbacksConfig, ModelConfig, TrainingConfig

LABEL = "tipped"
ROWS = {"train": 160, "eval": 48}

SCHEMA = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "pixels" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 3 } } }
feature { name: "hour" type: INT presence { min_fraction: 1 } shape {} int_domain { min: 0 max: 23 } }
feature { name: "trip miles" type: FLOAT value_count { min: 0 max: 1 } }
feature { name: "area" type: INT value_count { min: 0 max: 1 } int_domain { min: 0 max: 77 } }
feature { name: "balance" type: INT value_count { min: 0 max: 1 } }
feature { name: "company" type: BYTES value_count { min: 0 max: 1 } }
feature { name: "words" type: BYTES value_count { min: 0 } }
feature { name: "tipped" type: INT presence { min_fraction: 1 } shape {} not_in_environment: "SERVING" }
feature { name: "row_id" type: INT presence { min_fraction: 1 } shape {} not_in_environment: "SERVING" }
"""

Row = dict[str, Any]


def rows(count: int, seed: int) -> Iterator[Row]:
    """Trips with a learnable label; an optional value is missing in a third of them."""
    draw = random.Random(seed)

    def maybe(value: Any) -> list[Any]:
        return [value] if draw.random() < 0.67 else []

    for number in range(count):
        fare, hour = draw.uniform(3, 60), draw.randrange(24)
        company = draw.choice(["Flash", "Blue", "Sun", "Yellow" if seed else "Flash"])
        yield {
            "fare": [fare],
            "pixels": [draw.random() for _ in range(3)],
            "hour": [hour],
            "trip miles": maybe(draw.uniform(0, 20)),
            "area": maybe(draw.randrange(78)),
            "balance": maybe(draw.randrange(-5, 5)),
            "company": maybe(company),
            "words": [draw.choice("abcde") for _ in range(draw.randrange(4))],
            "tipped": [int(fare > 30) if draw.random() < 0.9 else draw.randrange(2)],
            "row_id": [number],
        }


def serialize(row: Row) -> bytes:
    features = {}
    for name, values in row.items():
        if not values:
            continue
        if isinstance(values[0], str):
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode() for value in values]))
        elif isinstance(values[0], float):
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """Dense outputs of rank 1 and 2, one that is not used and one that needs the label."""

    def dense(name: str, default: Any) -> tf.Tensor:
        x = inputs[name]
        return tf.sparse.to_dense(tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1]), default)

    words = tf.sparse.to_dense(inputs["words"], "")
    return {
        "fare_scaled": tft.scale_to_z_score(inputs["fare"]),
        "pixels_scaled": inputs["pixels"] * 2.0 - 1.0,
        "hour_sine": tf.sin(tf.cast(inputs["hour"], tf.float32) * 0.2618),
        "miles": tf.math.log1p(dense("trip miles", 0.0)),
        "area_id": dense("area", 78),
        "balance_known": tf.cast(dense("balance", -100) > -100, tf.float32),
        "company_id": tft.compute_and_apply_vocabulary(
            dense("company", ""), vocab_filename="company", num_oov_buckets=1
        ),
        "a_words": tf.math.count_nonzero(words == "a", axis=1, dtype=tf.float32),
        "unused": inputs["pixels"],
        "fare_if_tipped": inputs["fare"][:, 0] * tf.cast(inputs["tipped"], tf.float32),
        "tipped": inputs["tipped"],
    }


def build_model(tft_output: Any, units: int = 8, plain: bool = False) -> keras.Model:
    """A model of every kind of feature; unless plain, with random numbers and batch statistics."""
    numbers = {
        name: keras.Input(shape, name=name)
        for name, shape in {
            "fare_scaled": (1,),
            "pixels_scaled": (3,),
            "hour_sine": (),
            "miles": (1,),
            "balance_known": (1,),
            "a_words": (),
        }.items()
    }
    ids = {name: keras.Input((1,), name=name, dtype="int64") for name in ("area_id", "company_id")}
    sizes = {"area_id": 79, "company_id": tft_output.vocabulary_size_by_name("company") + 1}
    columns = [x if len(x.shape) == 2 else keras.layers.Reshape((1,))(x) for x in numbers.values()]
    columns += [keras.layers.Flatten()(keras.layers.Embedding(sizes[name], 2)(x)) for name, x in ids.items()]
    hidden = keras.layers.Dense(units, activation="relu")(keras.layers.Concatenate()(columns))
    if not plain:
        hidden = keras.layers.BatchNormalization()(keras.layers.Dropout(0.1)(hidden))
    return keras.Model({**numbers, **ids}, keras.layers.Dense(1, activation="sigmoid", name="probability")(hidden))


def config(**changes: Any) -> TrainingConfig:
    """A training of a few seconds."""
    values: dict[str, Any] = {
        "model": ModelConfig(f"{__name__}.build_model", {"units": 8}),
        "label": LABEL,
        "loss": "binary_crossentropy",
        "metrics": ("AUC",),
        "batch_size": 16,
        "eval_batch_size": 20,
        "epochs": 2,
        "strategy": "default",
        "callbacks": CallbacksConfig(tensorboard=False),
    }
    return TrainingConfig(**{**values, **changes})
