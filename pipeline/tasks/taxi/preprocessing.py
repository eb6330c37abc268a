"""Features of a taxi trip. Every one has shape [batch, 1].

| feature | made from | dtype |
|---|---|---|
| `fare_scaled`, `trip_miles_scaled`, `trip_seconds_scaled` | z-score of log(1 + x), 0 where missing | float32 |
| `pickup_latitude_scaled` and the other coordinates | z-score, 0 where missing | float32 |
| `pickup_latitude_bucket` and the other coordinates | quantile; one more bucket for missing | int64 |
| `payment_type_id`, `company_id` | vocabulary `words`; missing is a word, rare and unseen share the last id | int64 |
| `trip_start_hour`, `trip_start_day`, `trip_start_month` | as it is | int64 |
| `pickup_community_area`, `dropoff_community_area` | as it is, 0 where missing | int64 |
| `payment_fare_cross` | payment type x quantile of the fare | int64 |
| `area_cross` | pickup x dropoff area | int64 |
| `big_tip` | the label, where there is one | int64 |
"""

from typing import TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

LABEL = "big_tip"
LOG_SCALED = ("fare", "trip_miles", "trip_seconds")
COORDINATES = ("pickup_latitude", "pickup_longitude", "dropoff_latitude", "dropoff_longitude")
WORDS = ("payment_type", "company")
VOCABULARY = "words"
AREAS = 78
IDENTITIES = {
    "trip_start_hour": 24,
    "trip_start_day": 8,
    "trip_start_month": 13,
    "pickup_community_area": AREAS,
    "dropoff_community_area": AREAS,
}
BUCKETS = 21

_MISSING_BUCKET = BUCKETS - 1
_MISSING_WORD = "(missing)"
_RARE = 10  # A word seen less often counts as unseen, so that the id of unseen words learns something.

Column: TypeAlias = tf.Tensor | tf.SparseTensor


def preprocessing_fn(inputs: dict[str, Column]) -> dict[str, tf.Tensor]:
    """Maps raw features to those of the model.

    There are three analyzers, each over several columns as one matrix: every analyzer adds stages to Beam's graph (a
    vocabulary over a second of run time, whatever its size), and Transform traces this function nine times.

    Args:
        inputs: The features of the schema: [batch, 1] where always present, else sparse with at most one value.

    Returns:
        The table above; without the label when `inputs` has none.
    """
    numbers = {name: _number(inputs[name]) for name in (*LOG_SCALED, *COORDINATES)}
    buckets = _quantile_buckets({name: numbers[name] for name in ("fare", *COORDINATES)})
    ids = _word_ids({name: _dense(inputs[name], _MISSING_WORD) for name in WORDS})
    identities = {name: tf.clip_by_value(_dense(inputs[name], 0), 0, size - 1) for name, size in IDENTITIES.items()}
    outputs = {
        **_scaled(numbers),
        **{f"{name}_bucket": buckets[name] for name in COORDINATES},
        **ids,
        **identities,
        "payment_fare_cross": ids["payment_type_id"] * BUCKETS + buckets["fare"],
        "area_cross": identities["pickup_community_area"] * AREAS + identities["dropoff_community_area"],
    }
    return {**outputs, LABEL: inputs[LABEL]} if LABEL in inputs else outputs


def _dense(x: Column, default: float | int | str) -> tf.Tensor:
    """Returns [batch, 1] with a default for missing values."""
    if not isinstance(x, tf.SparseTensor):
        return x
    # The batch may hold no value at all, then its sparse width is 0.
    dense = tf.sparse.to_dense(tf.SparseTensor(x.indices, x.values, [x.dense_shape[0], 1]), default)
    return tf.ensure_shape(dense, [None, 1])


def _number(x: Column) -> tf.Tensor:
    """Returns float32 [batch, 1] with NaN for missing values, which the analyzers leave out."""
    if isinstance(x, tf.SparseTensor):
        x = tf.SparseTensor(x.indices, tf.cast(x.values, tf.float32), x.dense_shape)
    return tf.cast(_dense(x, float("nan")), tf.float32)


def _scaled(numbers: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    logarithms = tf.math.log1p(tf.maximum(tf.concat([numbers[name] for name in LOG_SCALED], axis=1), 0.0))
    coordinates = tf.concat([numbers[name] for name in COORDINATES], axis=1)
    scores = tft.scale_to_z_score(tf.concat([logarithms, coordinates], axis=1), elementwise=True)
    filled = tf.where(tf.math.is_nan(scores), 0.0, scores)
    names = (*LOG_SCALED, *COORDINATES)
    return {f"{name}_scaled": x for name, x in zip(names, tf.split(filled, len(names), axis=1), strict=True)}


def _quantile_buckets(numbers: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    matrix = tf.concat(list(numbers.values()), axis=1)
    boundaries = tft.quantiles(matrix, _MISSING_BUCKET, epsilon=0.01, reduce_instance_dims=False)
    found = tf.searchsorted(boundaries, tf.transpose(matrix), side="right", out_type=tf.int64)
    buckets = tf.where(tf.math.is_nan(matrix), tf.constant(_MISSING_BUCKET, tf.int64), tf.transpose(found))
    return dict(zip(numbers, tf.split(buckets, len(numbers), axis=1), strict=True))


def _word_ids(words: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    ids = tft.compute_and_apply_vocabulary(
        tf.concat(list(words.values()), axis=1),
        frequency_threshold=_RARE,
        num_oov_buckets=1,
        vocab_filename=VOCABULARY,
    )
    return {f"{name}_id": x for name, x in zip(words, tf.split(ids, len(words), axis=1), strict=True)}
