"""The taxi model in one plain Keras script: no Beam, no Transform, no metadata, nothing that could be served.

    python benchmarks/plain_keras.py [SEED]

The same rows, the same split, the same features, the same layers and the same number of steps as the taxi task, with
numpy in the place of Transform. Prints the AUC on the eval split: the quality that the pipeline must reach, in the time
that it would like to have.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from pipeline.tasks.taxi import data

LOG_SCALED = ("fare", "trip_miles", "trip_seconds")
COORDINATES = ("pickup_latitude", "pickup_longitude", "dropoff_latitude", "dropoff_longitude")
AREAS = 78
IDENTITIES = {
    "trip_start_hour": 24,
    "trip_start_day": 8,
    "trip_start_month": 13,
    "pickup_community_area": AREAS,
    "dropoff_community_area": AREAS,
}
BUCKETS = 21  # The last one is for missing values.
RARE = 10
BATCH, EPOCHS, RATE = 40, 4, 1e-3
AUC_THRESHOLDS = 10_000  # As many as TFMA takes.

Columns = dict[str, np.ndarray]


def main(seed: int = 1) -> float:
    """Trains, prints and returns the AUC on the eval split."""
    keras.utils.set_random_seed(seed)
    train, evaluation = (_columns(split) for split in ("train", "eval"))
    words = _vocabulary(train)
    model = build_model(len(words) + 1)
    auc = keras.metrics.AUC(AUC_THRESHOLDS, name="auc")
    model.compile(keras.optimizers.Adam(RATE), loss="binary_crossentropy", metrics=[auc])
    model.fit(_features(train, train, words), train[data.LABEL], batch_size=BATCH, epochs=EPOCHS, verbose=0)
    model.evaluate(_features(evaluation, train, words), evaluation[data.LABEL], batch_size=512, verbose=0)
    print(f"auc {float(auc.result()):.4f}")
    return float(auc.result())


def _columns(split: str) -> Columns:
    rows = [row for where, row in data.trips() if where == split]
    names = [*data.INTEGERS, *data.FLOATS, data.LABEL]
    numbers = {name: np.array([_or(row.get(name), np.nan) for row in rows], float) for name in names}
    return numbers | {name: np.array([_or(row.get(name), "(missing)") for row in rows]) for name in data.STRINGS}


def _or(value: object, default: object) -> object:
    return default if value is None else value


def _vocabulary(train: Columns) -> list[str]:
    known, counts = np.unique(np.concatenate([train[name] for name in data.STRINGS]), return_counts=True)
    return [word for word, count in zip(known, counts, strict=True) if count >= RARE]


def _features(rows: Columns, fitted: Columns, words: list[str]) -> Columns:
    """Returns what the model takes; means, deviations and quantiles come from the `fitted` rows."""
    out = {f"{name}_scaled": _z_score(np.log1p(rows[name]), np.log1p(fitted[name])) for name in LOG_SCALED}
    out |= {f"{name}_scaled": _z_score(rows[name], fitted[name]) for name in COORDINATES}
    out |= {f"{name}_bucket": _bucket(rows[name], fitted[name]) for name in COORDINATES}
    ids = {word: number for number, word in enumerate(words)}
    out |= {f"{name}_id": np.array([ids.get(word, len(ids)) for word in rows[name]]) for name in data.STRINGS}
    out |= {name: np.nan_to_num(rows[name]).clip(0, size - 1).astype(int) for name, size in IDENTITIES.items()}
    out["payment_fare_cross"] = out["payment_type_id"] * BUCKETS + _bucket(rows["fare"], fitted["fare"])
    out["area_cross"] = out["pickup_community_area"] * AREAS + out["dropoff_community_area"]
    return {name: values.reshape(-1, 1) for name, values in out.items()}


def _z_score(values: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    return np.nan_to_num((values - np.nanmean(fitted)) / np.nanstd(fitted)).astype("float32")


def _bucket(values: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    boundaries = np.nanquantile(fitted, np.linspace(0, 1, BUCKETS)[1:-1])
    return np.where(np.isnan(values), BUCKETS - 1, np.searchsorted(boundaries, values, side="right"))


def build_model(words: int) -> keras.Model:
    """Returns the layers of the taxi task's model."""
    numbers = [keras.Input((1,), name=f"{name}_scaled") for name in (*LOG_SCALED, *COORDINATES)]
    sizes = {
        **{f"{name}_id": words for name in data.STRINGS},
        **IDENTITIES,
        **{f"{name}_bucket": BUCKETS for name in COORDINATES},
        "payment_fare_cross": words * BUCKETS,
        "area_cross": AREAS**2,
    }
    ids = {name: keras.Input((1,), name=name, dtype="int64") for name in sizes}
    first_rows = np.cumsum([0, *list(sizes.values())[:-1]])
    rows = keras.layers.Concatenate()(list(ids.values())) + first_rows
    wide = keras.ops.sum(keras.layers.Embedding(sum(sizes.values()), 1, embeddings_initializer="zeros")(rows), axis=1)
    word_ids = keras.layers.Concatenate()([ids[f"{name}_id"] for name in data.STRINGS])
    deep = keras.layers.Concatenate()([*numbers, keras.layers.Flatten()(keras.layers.Embedding(words, 8)(word_ids))])
    for units in (64, 32):
        deep = keras.layers.Dense(units, activation="relu")(deep)
    probability = keras.layers.Activation("sigmoid")(wide + keras.layers.Dense(1)(deep))
    return keras.Model([*numbers, *ids.values()], probability)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
