"""The wide and deep model of a taxi trip."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow_transform as tft

from pipeline.tasks.taxi import preprocessing as features

NUMBERS = tuple(f"{name}_scaled" for name in (*features.LOG_SCALED, *features.COORDINATES))


def build_model(
    tft_output: tft.TFTransformOutput, hidden_units: Sequence[int] = (64, 32), embedding_size: int = 8
) -> keras.Model:
    """Builds a linear model over categories, buckets and crosses beside an MLP over numbers and embedded words.

    Args:
        tft_output: Transform's output; it knows the size of the vocabulary.
        hidden_units: Widths of the MLP's layers.
        embedding_size: Width of the embedding of a word.

    Returns:
        A model, not compiled, from the features of `preprocessing_fn`, [batch, 1] each, to
        `{"probability": [batch, 1]}`: float32, how likely a big tip is.
    """
    words = tft_output.vocabulary_size_by_name(features.VOCABULARY) + 1
    sizes = _category_sizes(words)
    numbers = {name: keras.Input((1,), name=name) for name in NUMBERS}
    categories = {name: keras.Input((1,), name=name, dtype="int64") for name in sizes}
    word_ids = [categories[f"{name}_id"] for name in features.WORDS]
    logit = _wide(list(categories.values()), list(sizes.values())) + _deep(
        list(numbers.values()), word_ids, words, hidden_units, embedding_size
    )
    # float32 keeps probabilities apart near 0 and 1 under mixed precision.
    probability = keras.layers.Activation("sigmoid", dtype="float32", name="probability")(logit)
    return keras.Model({**numbers, **categories}, {"probability": probability}, name="wide_and_deep")


def _category_sizes(words: int) -> dict[str, int]:
    """Returns how many ids each categorical feature has."""
    return {
        **{f"{name}_id": words for name in features.WORDS},
        **features.IDENTITIES,
        **{f"{name}_bucket": features.BUCKETS for name in features.COORDINATES},
        "payment_fare_cross": words * features.BUCKETS,
        "area_cross": features.AREAS**2,
    }


def _wide(ids: list[keras.KerasTensor], sizes: list[int]) -> keras.KerasTensor:
    """Sums one weight per id. The features share a table, each with rows of its own: one lookup instead of a dozen."""
    first_rows = np.cumsum([0, *sizes[:-1]])
    rows = keras.layers.Concatenate(name="wide_ids")(ids) + first_rows
    weights = keras.layers.Embedding(sum(sizes), 1, embeddings_initializer="zeros", name="wide_weights")(rows)
    return keras.ops.sum(weights, axis=1)


def _deep(
    numbers: list[keras.KerasTensor],
    word_ids: list[keras.KerasTensor],
    words: int,
    hidden_units: Sequence[int],
    embedding_size: int,
) -> keras.KerasTensor:
    embedded = keras.layers.Embedding(words, embedding_size, name="word_embedding")(
        keras.layers.Concatenate(name="word_ids")(word_ids)
    )
    x = keras.layers.Concatenate(name="deep_inputs")([*numbers, keras.layers.Flatten(name="embedded_words")(embedded)])
    for layer, units in enumerate(hidden_units):
        x = keras.layers.Dense(units, activation="relu", name=f"deep_{layer}")(x)
    return keras.layers.Dense(1, name="deep_logit")(x)
