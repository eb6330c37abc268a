"""Features of a window of days.

| feature | made from | shape, dtype |
|---|---|---|
| `series` | 14 days: z-scores of the numbers, the weather, whether a number was missing | [batch, 14, 10], float32 |
| `year` | sine and cosine of the day of the year to predict | [batch, 2], float32 |
| `last_temp_max` | the latest known highest temperature, degrees Celsius | [batch, 1], float32 |
| `next_temp_max` | the label in degrees Celsius, where there is one | [batch, 1], float32 |
| `next_weather` | the label, a class id, where there is one | [batch, 1], int64 |

Precipitation counts by its logarithm. A number that is missing (NaN) counts as the mean of its column; weather that is
not known as none of the classes.
"""

import math
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

WINDOW = 14
NUMBERS = ("precipitation", "temp_max", "temp_min", "wind")
KINDS = ("sun", "fog", "rain", "drizzle", "snow")
LABELS = ("next_temp_max", "next_weather")
CHANNELS = len(NUMBERS) + len(KINDS) + 1

_DAYS_OF_A_YEAR = 365.25


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """Maps raw features to those of the model.

    Args:
        inputs: The features of the schema: [batch, 14] for what has a value for each day, else [batch, 1].

    Returns:
        The table above; without labels when `inputs` has none.
    """
    numbers = tf.stack([inputs[name] for name in NUMBERS], axis=2)
    missing = tf.math.is_nan(numbers)
    outputs = {
        "series": tf.concat([_scaled(numbers, missing), _kinds(inputs["weather"]), _flag(missing)], axis=2),
        "year": _year(inputs["day_of_year"]),
        "last_temp_max": _last_known(inputs["temp_max"]),
    }
    return {**outputs, **{name: inputs[name] for name in LABELS if name in inputs}}


def _scaled(numbers: tf.Tensor, missing: tf.Tensor) -> tf.Tensor:
    """Returns z-scores of [batch, 14, 4], each number by its own mean and deviation, 0 where it is missing."""
    logarithm = tf.math.log1p(tf.maximum(numbers[..., :1], 0.0))
    columns = tf.reshape(tf.concat([logarithm, numbers[..., 1:]], axis=2), [-1, len(NUMBERS)])
    scores = tf.reshape(tft.scale_to_z_score(columns, elementwise=True), [-1, WINDOW, len(NUMBERS)])
    return tf.where(missing, 0.0, scores)


def _kinds(weather: tf.Tensor) -> tf.Tensor:
    return tf.cast(weather[..., tf.newaxis] == tf.constant(KINDS), tf.float32)


def _flag(missing: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.reduce_any(missing, axis=2, keepdims=True), tf.float32)


def _year(day: tf.Tensor) -> tf.Tensor:
    angle = tf.cast(day, tf.float32) * (2 * math.pi / _DAYS_OF_A_YEAR)
    return tf.concat([tf.sin(angle), tf.cos(angle)], axis=1)


def _last_known(values: tf.Tensor) -> tf.Tensor:
    """Returns the last number of each row that is known; of a row without any, the mean over all rows."""
    known = ~tf.math.is_nan(values)
    last = tf.reduce_max(tf.where(known, tf.range(WINDOW), -1), axis=1)
    mean = tft.mean(values)
    found = tf.gather(values, tf.maximum(last, 0), axis=1, batch_dims=1)
    return tf.where(last >= 0, found, tf.fill(tf.shape(found), mean))[:, tf.newaxis]
