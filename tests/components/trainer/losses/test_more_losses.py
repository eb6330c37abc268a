import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies as st
from sklearn.metrics import mean_pinball_loss

from components.errors import UsageError
from components.trainer import losses
from components.trainer.class_weights import example_weights

few = hypothesis.settings(max_examples=15, deadline=None)
SEEDS = st.integers(0, 10**6)


@few
@hypothesis.given(SEEDS, st.floats(0, 0.9), st.booleans())
def test_sparse_smoothing_is_keras_smoothing_of_one_hot_labels(seed, smoothing, from_logits):
    rng = np.random.default_rng(seed)
    outputs, labels = rng.normal(size=(6, 4)), rng.integers(0, 4, 6)
    if not from_logits:
        outputs = np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True)
    ours = losses.SmoothSparseCategoricalCrossentropy(smoothing, from_logits)
    theirs = keras.losses.CategoricalCrossentropy(from_logits, smoothing)
    assert float(ours(labels, outputs)) == pytest.approx(float(theirs(np.eye(4)[labels], outputs)), rel=1e-5, abs=1e-6)


@few
@hypothesis.given(SEEDS, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=4))
def test_quantile_loss_is_that_of_scikit_learn(seed, quantiles):
    rng = np.random.default_rng(seed)
    targets, outputs, weights = rng.normal(size=8), rng.normal(size=(8, len(quantiles))), rng.random(8) + 0.1
    pinball = [
        mean_pinball_loss(targets, outputs[:, i], alpha=q, sample_weight=weights) for i, q in enumerate(quantiles)
    ]
    loss = losses.Quantile(tuple(quantiles), reduction="mean_with_sample_weight")
    assert float(loss(targets, outputs, sample_weight=weights)) == pytest.approx(np.mean(pinball), rel=1e-5, abs=1e-6)
    assert float(loss(targets[:, None], outputs, weights)) == pytest.approx(np.mean(pinball), rel=1e-5, abs=1e-6)


def test_quantile_loss_is_least_at_the_quantile():
    targets = np.random.default_rng(0).exponential(size=2001)
    candidates = np.quantile(targets, [0.1, 0.7, 0.9])
    loss = losses.Quantile((0.7,), dtype="float64")
    costs = [float(loss(targets, np.full((2001, 1), candidate))) for candidate in candidates]
    assert np.argmin(costs) == 1


def test_huber_is_quadratic_inside_and_linear_outside():
    loss = losses.create("huber", delta=2.0, reduction="none")
    np.testing.assert_allclose(loss([[0.0], [0.0]], [[1.0], [5.0]]), [0.5, 2 * 5 - 2], rtol=1e-6)


CASES = {
    "class ids": (keras.losses.SparseCategoricalCrossentropy(from_logits=True), 3, lambda ids: ids),
    "class ids in a column": (
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        3,
        lambda ids: ids[:, None],
    ),
    "one-hot": (keras.losses.CategoricalCrossentropy(from_logits=True), 3, lambda ids: np.eye(3)[ids]),
    "yes or no": (keras.losses.BinaryCrossentropy(from_logits=True), 1, lambda ids: (ids > 0)[:, None]),
}


@pytest.mark.parametrize("case", CASES)
def test_class_weights_in_the_loss_are_sample_weights(case):
    inner, outputs, labels_of = CASES[case]
    rng = np.random.default_rng(0)
    ids, predictions, own = rng.integers(0, 3, 9), rng.normal(size=(9, outputs)), rng.random(9)
    weights = (0.5, 1.0, 4.0) if outputs == 3 else (0.5, 4.0)
    of_examples = example_weights(ids if outputs == 3 else (ids > 0).astype(int), weights)
    loss = losses.ClassWeighted(inner, weights)
    for sample_weight in (np.ones(9), own):
        expected = inner(labels_of(ids), predictions, sample_weight=of_examples * sample_weight)
        got = loss(labels_of(ids), predictions, sample_weight=sample_weight)
        assert float(got) == pytest.approx(float(expected), rel=1e-6)


def test_class_weights_over_the_steps_of_a_sequence():
    logits, labels = np.random.default_rng(0).normal(size=(2, 3, 3)), np.array([[0, 1, 2], [2, 2, 2]])
    inner = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    weighted = losses.ClassWeighted(inner, (1.0, 2.0, 3.0))
    np.testing.assert_allclose(weighted(labels, logits), inner(labels, logits) * np.array([1, 2, 3])[labels], rtol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: losses.SmoothSparseCategoricalCrossentropy(1.0),
        lambda: losses.Huber(0.0),
        lambda: losses.Quantile(()),
        lambda: losses.Quantile((0.0,)),
        lambda: losses.Quantile((0.5,))(np.ones(1), np.ones((1, 2))),
        lambda: losses.ClassWeighted(keras.losses.Hinge(), (1.0,)),
        lambda: losses.ClassWeighted(keras.losses.Hinge(), (1.0, -1.0)),
        lambda: losses.create("sparse_focal", class_weights=(1.0, 2.0))(np.zeros(1), np.ones((1, 3))),
    ],
)
def test_bad_arguments_are_refused(make):
    with pytest.raises(UsageError, match="Received: "):
        make()
