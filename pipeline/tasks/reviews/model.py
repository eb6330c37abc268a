"""Words in their places and attention over them, beside a linear model of the words and pairs of words."""

from typing import Any

import keras
import tensorflow_transform as tft
from keras import ops

from components.trainer.layers import AttentionPooling, MultiHeadAttention
from pipeline.tasks.reviews import preprocessing as features

_PAIRS = 2**17  # Rows of the table of pairs, which share them by a hash.


def build_model(
    tft_output: tft.TFTransformOutput,
    embedding_size: int = 48,
    heads: int = 0,
    attention_units: int = 32,
    dropout: float = 0.5,
    embedding_dropout: float = 0.2,
) -> keras.Model:
    """Builds a model that reads a review of any length; padding has no part in anything.

    Every word is embedded and looked at with its neighbours, and attention decides what of it matters. Beside that
    every word and every pair of neighbours has a weight of its own, as in logistic regression.

    Args:
        tft_output: Transform's output; it knows the size of the vocabulary.
        embedding_size: Width of the embedding of a word.
        heads: Heads of a layer in which words attend to each other, 0 for none. It costs the square of the length.
        attention_units: Units of the layer that scores what matters.
        dropout: Part of the words, and of the features of the whole review, that is dropped in training.
        embedding_dropout: Part of the embedding that is dropped in training, the same for all words of a review.

    Returns:
        A model, not compiled, from `token_ids`, [batch, tokens] padded with 0, and `token_count`, [batch, 1], to
        `{"probability": [batch, 1]}`: float32, how likely the review is positive.
    """
    words = tft_output.vocabulary_size_by_name(features.VOCABULARY) + 2  # Padding is 0, unknown words the last one.
    ids = keras.Input((None,), name="token_ids", dtype="int64")
    count = keras.Input((1,), name="token_count", dtype="int64")
    x = _words_in_place(ids, words, embedding_size, dropout, embedding_dropout)
    if heads:
        attention = MultiHeadAttention(heads, max(1, embedding_size // heads), name="word_to_word")
        x = x + attention(x, query_mask=_there(ids))
    review = AttentionPooling(attention_units, name="what_matters")(x, mask=_there(ids))
    length = ops.log1p(ops.cast(count, review.dtype)) / 6.0  # 400 tokens become 1.
    review = keras.layers.Concatenate(name="review")([review, length])
    logit = keras.layers.Dense(1, name="deep_logit")(keras.layers.Dropout(dropout, name="drop_features")(review))
    # Adam moves every weight alike, so the factors say how fast the linear part learns beside the rest.
    logit = (
        logit
        + 3.0 * _sum_of_weights(ids, words, dropout, "word")
        + 2.0 * _sum_of_weights(_pairs(ids), _PAIRS + 1, dropout, "pair")
    )
    # float32 keeps probabilities apart near 0 and 1 under mixed precision.
    probability = keras.layers.Activation("sigmoid", dtype="float32", name="probability")(logit)
    inputs = {"token_ids": ids, "token_count": count}
    return keras.Model(inputs, {"probability": probability}, name="attention_over_words")


def _there(ids: Any) -> Any:
    return ops.not_equal(ids, 0)


def _words_in_place(ids: Any, words: int, embedding_size: int, dropout: float, embedding_dropout: float) -> Any:
    """Returns the embedded words, each with what it and its four neighbours make together."""
    x = keras.layers.Embedding(words, embedding_size, name="word_embedding")(ids)
    x = keras.layers.Dropout(dropout, noise_shape=(None, None, 1), name="drop_words")(x)
    x = keras.layers.SpatialDropout1D(embedding_dropout, name="drop_embedding")(x)
    # A convolution knows no mask: what is beyond the end has to be zero, as it is beyond the edge.
    x = x * ops.cast(_there(ids), x.dtype)[..., None]
    near = keras.layers.Conv1D(embedding_size, 5, padding="same", activation="relu", name="neighbours")(x)
    return keras.layers.Concatenate(name="words_in_place")([x, near])


def _pairs(ids: Any) -> Any:
    """Returns an id for each pair of neighbours, 0 where there is none."""
    following = ops.concatenate([ids[:, 1:], ops.zeros_like(ids[:, :1])], axis=1)
    hashed = (ids * 100_003 + following) % _PAIRS + 1
    return ops.where(ops.logical_and(_there(ids), _there(following)), hashed, ops.zeros_like(ids))


def _sum_of_weights(ids: Any, size: int, dropout: float, name: str) -> Any:
    """Returns the sum of one weight per id over the root of their number, [batch, 1], so that length counts less."""
    weights = keras.layers.Embedding(size, 1, embeddings_initializer="zeros", name=f"{name}_weights")(ids)
    weights = keras.layers.Dropout(dropout, name=f"drop_{name}_weights")(weights)
    there = ops.cast(_there(ids), weights.dtype)[..., None]
    return ops.sum(weights * there, axis=1) / ops.sqrt(1.0 + ops.sum(there, axis=1))
