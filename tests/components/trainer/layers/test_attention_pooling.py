import keras
import numpy as np
import pytest

from components.errors import UsageError
from components.trainer.layers import AttentionPooling
from tests.components.trainer.layers.check_layer import check_layer

INPUTS = np.random.default_rng(1).normal(size=(3, 5, 6)).astype("float32")
MASK = np.arange(5) < np.array([[5], [2], [0]])


def test_everything(tmp_path):
    check_layer(lambda **kwargs: AttentionPooling(4, **kwargs), INPUTS, tmp_path, output_shape=(3, 6), masked=True)


def test_is_the_formula():
    layer = AttentionPooling(4)
    pooled = layer(INPUTS)
    kernel, bias, context = layer.get_weights()
    scores = np.exp(np.tanh(INPUTS @ kernel + bias) @ context)[..., 0]
    weights = scores / scores.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(pooled, (weights[..., None] * INPUTS).sum(axis=1), atol=1e-6)


def test_masked_steps_weigh_nothing_whatever_they_hold():
    layer = AttentionPooling(4)
    spoiled = np.where(MASK[..., None], INPUTS, np.nan)
    pooled, weights = layer(spoiled, mask=MASK, return_attention_scores=True)
    assert (weights.numpy()[~MASK] == 0).all()
    np.testing.assert_allclose(np.sum(weights, axis=1), [1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(pooled[1:2], layer(INPUTS[1:2, :2]), atol=1e-6)
    np.testing.assert_array_equal(pooled[2], np.zeros(6))


def test_takes_the_mask_of_an_embedding_and_ends_it():
    tokens = np.array([[3, 4, 0, 0], [1, 2, 3, 4]])
    embedding, layer = keras.layers.Embedding(5, 6, mask_zero=True), AttentionPooling(4)
    pooled = layer(embedding(tokens))
    np.testing.assert_allclose(pooled[:1], layer(embedding(tokens[:1, :2])), atol=1e-6)
    assert keras.src.backend.get_keras_mask(pooled) is None


def test_bad_arguments_and_shapes_are_refused():
    with pytest.raises(UsageError, match="Received: units=-1"):
        AttentionPooling(-1)
    with pytest.raises(UsageError, match=r"Received: shape=\(3, 5\)"):
        AttentionPooling(2)(np.ones((3, 5)))
