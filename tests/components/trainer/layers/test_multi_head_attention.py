import keras
import numpy as np
import pytest
import tensorflow as tf

from components.errors import UsageError
from components.trainer.layers import MultiHeadAttention
from tests.components.trainer.layers.check_layer import check_layer

RNG = np.random.default_rng(1)
QUERY = RNG.normal(size=(3, 5, 6)).astype("float32")
VALUE = RNG.normal(size=(3, 7, 4)).astype("float32")
KEY = RNG.normal(size=(3, 7, 3)).astype("float32")
QUERY_MASK = np.arange(5) < np.array([[5], [3], [1]])
VALUE_MASK = np.arange(7) < np.array([[7], [4], [2]])
ATTENTION_MASK = RNG.random((3, 5, 7)) < 0.7
ATTENTION_MASK[:, :, 0] = True


def twins(*shapes, **kwargs):
    """Our layer and Keras's with the same weights."""
    renamed = {"output_shape" if name == "output_dim" else name: value for name, value in kwargs.items()}
    ours, theirs = MultiHeadAttention(2, 3, **kwargs), keras.layers.MultiHeadAttention(2, 3, **renamed)
    ours.build(*shapes)
    theirs.build(*(shapes * 2)[: max(2, len(shapes))])
    weights = [RNG.normal(size=weight.shape) for weight in theirs.get_weights()]
    for layer in (ours, theirs):
        layer.set_weights(weights)
    return ours, theirs


def test_everything(tmp_path):
    def make(**kwargs):
        return MultiHeadAttention(2, 3, kernel_regularizer=keras.regularizers.L2(0.01), **kwargs)

    check_layer(make, QUERY, tmp_path, output_shape=QUERY.shape, masked=True)


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"use_causal_mask": True},
        {"value_mask": VALUE_MASK},
        {"attention_mask": ATTENTION_MASK},
        {"value_mask": VALUE_MASK, "attention_mask": ATTENTION_MASK, "use_causal_mask": True},
        {"query_mask": QUERY_MASK, "value_mask": VALUE_MASK, "key_mask": VALUE_MASK},
    ],
    ids=lambda call: "+".join(call) or "plain",
)
def test_is_keras_attention(call):
    ours, theirs = twins(QUERY.shape, VALUE.shape, KEY.shape, value_dim=5, output_dim=8)
    got = ours(QUERY, VALUE, KEY, **call)
    # Keras reads the padding of queries off the tensor.
    query = tf.constant(QUERY)
    if "query_mask" in call:
        keras.src.backend.set_keras_mask(query, tf.constant(call["query_mask"]))
    want = theirs(query, VALUE, KEY, **{name: mask for name, mask in call.items() if name != "query_mask"})
    kept = call.get("query_mask", np.ones((3, 5), bool))
    # 1e-5 for sums of some ten float32 products of size 1, in another order.
    np.testing.assert_allclose(got.numpy()[kept], want.numpy()[kept], rtol=1e-5, atol=1e-5)


def test_self_attention_without_bias_is_keras_attention():
    ours, theirs = twins(QUERY.shape, use_bias=False)
    np.testing.assert_allclose(ours(QUERY), theirs(QUERY, QUERY), rtol=1e-5, atol=1e-5)


def test_masks_of_an_embedding_come_by_themselves_and_go_on():
    tokens = np.array([[3, 4, 0, 0], [1, 2, 3, 4]])
    embedding = keras.layers.Embedding(5, 6, mask_zero=True)
    ours, theirs = twins((None, None, 6))
    embedded = embedding(tokens)
    got = ours(embedded)
    np.testing.assert_array_equal(keras.src.backend.get_keras_mask(got), tokens != 0)
    kept = tokens != 0
    np.testing.assert_allclose(got.numpy()[kept], theirs(embedding(tokens), embedding(tokens)).numpy()[kept], atol=1e-5)


def test_what_may_attend_to_nothing_stays_finite_and_gives_nothing():
    layer = MultiHeadAttention(2, 3)
    layer.build(QUERY.shape)
    mask = np.zeros((3, 5), bool)
    query = tf.Variable(QUERY)
    with tf.GradientTape() as tape:
        outputs, weights = layer(query, value_mask=mask, return_attention_scores=True)
        loss = tf.reduce_sum(outputs**2)
    gradients = tape.gradient(loss, [query, *[variable.value for variable in layer.trainable_variables]])
    assert (weights.numpy() == 0).all()
    np.testing.assert_array_equal(outputs, np.zeros_like(QUERY))
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_causal_queries_do_not_see_what_comes():
    layer = MultiHeadAttention(2, 3)
    before = layer(QUERY, use_causal_mask=True).numpy()
    changed = QUERY.copy()
    changed[:, 3:] += 5
    after = layer(changed, use_causal_mask=True).numpy()
    np.testing.assert_array_equal(after[:, :3], before[:, :3])
    assert (after[:, 3:] != before[:, 3:]).any()


def test_huge_logits_stay_finite_in_half_precision():
    layer = MultiHeadAttention(1, 4, dtype="mixed_float16")
    layer.build((None, None, 6))
    layer.set_weights([weight * 20 for weight in layer.get_weights()])
    outputs, weights = layer(QUERY, use_causal_mask=True, return_attention_scores=True)
    assert np.isfinite(outputs).all()
    np.testing.assert_allclose(np.sum(weights, axis=-1, dtype="float32"), 1, atol=2e-3)


def test_dropout_is_for_training_only():
    layer = MultiHeadAttention(2, 3, dropout=0.5, seed=1)
    np.testing.assert_array_equal(layer(QUERY), layer(QUERY, training=False))
    assert (layer(QUERY, training=True) != layer(QUERY)).numpy().any()


def test_bad_arguments_and_shapes_are_refused():
    with pytest.raises(UsageError, match="Received: num_heads=0"):
        MultiHeadAttention(0, 3)
    with pytest.raises(UsageError, match=r"Received: dropout=1\.0"):
        MultiHeadAttention(1, 3, dropout=1.0)
    with pytest.raises(UsageError, match="batch, time, features"):
        MultiHeadAttention(1, 3)(QUERY[0])
    with pytest.raises(UsageError, match="Received: 7 values and 5 keys"):
        MultiHeadAttention(1, 3)(QUERY, VALUE, QUERY)
