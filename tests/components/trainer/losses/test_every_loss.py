"""What must hold for every loss: stability, sample weights, reductions, serialization, half precision."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.errors import UsageError
from components.trainer import losses

FROM_LOGITS = {
    "binary_focal": losses.BinaryFocal(0.5, 0.25, from_logits=True),
    "sparse_focal": losses.SparseFocal(0.5, (0.5, 1.0, 2.0), from_logits=True),
    "sparse_focal_2": losses.SparseFocal(2.0, from_logits=True),
    "categorical_focal": losses.CategoricalFocal(0.5, from_logits=True),
    "smooth_sparse": losses.SmoothSparseCategoricalCrossentropy(0.1, from_logits=True),
    "class_weighted": losses.ClassWeighted(losses.SparseFocal(0.5, from_logits=True), (0.1, 1.0, 4.0)),
    "binary_crossentropy": losses.create("binary_crossentropy", from_logits=True, label_smoothing=0.1),
    "categorical_crossentropy": losses.create("categorical_crossentropy", from_logits=True, label_smoothing=0.1),
}
ALL = {
    **FROM_LOGITS,
    "huber": losses.create("huber", delta=2.0),
    "quantile": losses.Quantile((0.1, 0.5, 0.9)),
}


def labels_for(name, classes):
    if name.startswith("categorical"):
        return np.eye(3)[classes]
    if name.startswith("binary"):
        return np.eye(3)[classes]
    return np.eye(3)[classes] * 5 if name == "huber" else classes


@pytest.mark.parametrize("name", ALL)
def test_values_and_gradients_are_finite_at_extreme_outputs(name):
    rows = np.array(list(itertools.product([-1e4, -30.0, 0.0, 1e-4, 30.0, 1e4], repeat=3)), "float32")
    for label in range(3):
        outputs = tf.Variable(rows)
        with tf.GradientTape() as tape:
            values = _unreduced(ALL[name])(labels_for(name, np.full(len(rows), label)), outputs)
        gradient = tape.gradient(values, outputs)
        assert np.isfinite(values).all()
        assert np.isfinite(gradient).all()
        assert (values.numpy() >= 0).all()


@pytest.mark.parametrize("name", FROM_LOGITS)
def test_a_wrong_and_sure_output_still_learns(name):
    outputs = tf.Variable([[1e4, -1e4, -1e4]])
    with tf.GradientTape() as tape:
        value = FROM_LOGITS[name](labels_for(name, np.array([1])), outputs)
    assert value > 100
    assert tape.gradient(value, outputs)[0, 1] < 0


@pytest.mark.parametrize("name", ALL)
def test_sample_weights_and_reductions(name):
    rng = np.random.default_rng(0)
    outputs, labels = rng.normal(size=(5, 3)).astype("float32"), labels_for(name, rng.integers(0, 3, 5))
    weights = rng.random(5).astype("float32")
    values = _unreduced(ALL[name])(labels, outputs).numpy()
    assert values.shape == (5,)
    expected = {
        "sum": (weights * values).sum(),
        "sum_over_batch_size": (weights * values).mean(),
        "mean_with_sample_weight": (weights * values).sum() / weights.sum(),
    }
    for reduction, value in expected.items():
        config = {**ALL[name].get_config(), "reduction": reduction}
        loss = type(ALL[name]).from_config(config)
        assert float(loss(labels, outputs, sample_weight=weights)) == pytest.approx(float(value), rel=1e-5)
        assert float(loss(labels, outputs, sample_weight=weights[:, None])) == pytest.approx(float(value), rel=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_serialized_and_back_it_is_the_same(name):
    loss = ALL[name]
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()
    outputs, labels = np.ones((2, 3), "float32"), labels_for(name, np.array([0, 2]))
    assert float(copy(labels, outputs)) == float(loss(labels, outputs))


@pytest.mark.parametrize("name", FROM_LOGITS)
def test_half_precision_outputs_are_computed_in_float32(name):
    outputs, labels = tf.constant([[6e4, -6e4, 0.0]], tf.float16), labels_for(name, np.array([1]))
    value = FROM_LOGITS[name](labels, outputs)
    assert value.dtype == tf.float32
    assert float(value) == pytest.approx(float(FROM_LOGITS[name](labels, tf.cast(outputs, tf.float32))))


def test_a_compiled_model_keeps_its_loss(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.compile("sgd", losses.create("sparse_focal", class_weights=(1.0, 2.0, 3.0), from_logits=True))
    inputs, labels = np.ones((4, 2)), np.array([0, 1, 2, 0])
    model.fit(inputs, labels, verbose=0)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert reloaded.loss.get_config() == model.loss.get_config()
    assert reloaded.evaluate(inputs, labels, verbose=0) == pytest.approx(model.evaluate(inputs, labels, verbose=0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "sparse_focus"}, "Did you mean 'sparse_focal'?"),
        ({"name": "sparse_focal", "gama": 2}, "Did you mean 'gamma'?"),
        ({"name": "huber", "from_logits": True}, "Received: from_logits"),
    ],
)
def test_unknown_names_are_refused(arguments, message):
    with pytest.raises(UsageError) as refused:
        losses.create(**arguments)
    assert message in str(refused.value)


def _unreduced(loss):
    return type(loss).from_config({**loss.get_config(), "reduction": "none"})
