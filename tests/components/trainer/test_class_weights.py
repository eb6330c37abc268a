import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from components.errors import UsageError
from components.trainer.class_weights import class_weights, example_weights, of_outputs
from components.trainer.config import ModelConfig, OutputConfig, TrainingConfig
from components.trainer.input_pipeline import InMemory, Reader

COUNTS = st.lists(st.integers(1, 50), min_size=2, max_size=6)


@hypothesis.given(COUNTS)
def test_balanced_weights_are_those_of_scikit_learn(counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    expected = compute_class_weight("balanced", classes=np.arange(len(counts)), y=labels)
    np.testing.assert_allclose(class_weights(counts), expected, rtol=1e-12)


@hypothesis.given(COUNTS, st.none() | st.floats(0, 0.99999))
def test_weights_average_one_over_the_examples(counts, beta):
    weights = class_weights(counts, beta=beta)
    assert np.dot(weights, counts) / sum(counts) == pytest.approx(1, rel=1e-9)
    assert (np.diff(weights[np.argsort(counts)]) <= 1e-12).all()


def test_beta_goes_from_no_balance_to_full_balance():
    counts = [900, 100]
    np.testing.assert_allclose(class_weights(counts, beta=0.0), [1, 1])
    np.testing.assert_allclose(class_weights(counts, beta=1 - 1e-9), class_weights(counts), rtol=1e-5)
    beta = 0.99
    ratio = class_weights(counts, beta=beta)
    assert ratio[1] / ratio[0] == pytest.approx((1 - beta**900) / (1 - beta**100))


def test_example_weights_look_classes_up():
    assert example_weights([[0], [2]], [1.0, 2.0, 3.0]).tolist() == [[1.0], [3.0]]
    for labels in ([3], [-1], [0.5]):
        with pytest.raises(UsageError, match="class ids from 0 to 2"):
            example_weights(labels, [1.0, 2.0, 3.0])


@pytest.mark.parametrize(("counts", "beta"), [([5], None), ([5, 0], None), ([5, -1], None), ([5, 5], 1.0)])
def test_bad_counts_are_refused(counts, beta):
    with pytest.raises(UsageError, match="Received: "):
        class_weights(counts, beta=beta)


def config(class_weights) -> TrainingConfig:
    outputs = {
        "kind": OutputConfig("kind", "sparse_categorical_crossentropy", class_weights=class_weights),
        "price": OutputConfig("price", "huber"),
    }
    return TrainingConfig(ModelConfig("model.build"), outputs=outputs)


def split(kind, rows=9000) -> InMemory:
    columns = {"kind": tf.constant(np.resize(kind, (rows, *np.shape(kind)[1:]))), "price": tf.zeros([rows])}
    return InMemory(columns, Reader({}, {"kind": "kind", "price": "price"}))


# More rows than are counted at once.
@pytest.mark.parametrize("kind", [[0, 1, 0], [[0], [1], [0]], [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [0.0, 1.0, 0.0]])
def test_classes_are_counted_as_ids_and_as_one_hot_vectors(kind):
    assert of_outputs(config(True), split(kind)) == {"kind": pytest.approx((0.75, 1.5))}


def test_given_weights_need_no_rows():
    assert of_outputs(config({1: 3.0, 0: 1.0}), None) == {"kind": (1.0, 3.0)}
    assert of_outputs(config(False), None) == {}


@pytest.mark.parametrize("kind", [[0, -1], [0.5, 1.0], [b"a", b"b"]])
def test_labels_that_are_no_classes_are_refused(kind):
    with pytest.raises(UsageError, match="class ids or one-hot classes"):
        of_outputs(config(True), split(kind, rows=4))


def test_a_class_without_examples_is_refused():
    with pytest.raises(UsageError, match="each with examples"):
        of_outputs(config(True), split([0, 2], rows=4))
