import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies as st

from components.errors import UsageError
from components.trainer.losses import BinaryFocal, CategoricalFocal, SparseFocal

few = hypothesis.settings(max_examples=15, deadline=None)
SEEDS, GAMMAS = st.integers(0, 10**6), st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0])


def softmax(logits):
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponents / exponents.sum(axis=-1, keepdims=True)


@few
@hypothesis.given(SEEDS, GAMMAS, st.sampled_from([None, 0.25]), st.booleans())
def test_binary_focal_is_the_formula_of_the_paper(seed, gamma, alpha, from_logits):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(6, 2)) * 3, rng.integers(0, 2, (6, 2))
    p = 1 / (1 + np.exp(-logits))
    p_t = np.where(labels == 1, p, 1 - p)
    alpha_t = 1 if alpha is None else np.where(labels == 1, alpha, 1 - alpha)
    expected = (-alpha_t * (1 - p_t) ** gamma * np.log(p_t)).mean(axis=-1)
    loss = BinaryFocal(gamma, alpha, from_logits, reduction=None)
    # float32: seven digits in, a logarithm and a power later 1e-5 are left.
    np.testing.assert_allclose(loss(labels, logits if from_logits else p), expected, rtol=1e-5, atol=1e-6)


@few
@hypothesis.given(SEEDS, GAMMAS, st.sampled_from([None, (0.2, 1.0, 3.0)]), st.booleans())
def test_focal_over_classes_is_the_formula_sparse_and_one_hot(seed, gamma, alpha, from_logits):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(6, 3)) * 3, rng.integers(0, 3, 6)
    p = softmax(logits)
    p_t = p[np.arange(6), labels]
    expected = -(1 if alpha is None else np.array(alpha)[labels]) * (1 - p_t) ** gamma * np.log(p_t)
    predictions = logits if from_logits else p
    sparse = SparseFocal(gamma, alpha, from_logits, reduction=None)
    one_hot = CategoricalFocal(gamma, alpha, from_logits, reduction=None)
    np.testing.assert_allclose(sparse(labels, predictions), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(sparse(labels[:, None], predictions), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(one_hot(np.eye(3)[labels], predictions), expected, rtol=1e-5, atol=1e-6)


def test_agrees_with_keras_where_keras_is_exact():
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(6, 3)), rng.integers(0, 3, 6)
    theirs = keras.losses.CategoricalFocalCrossentropy(alpha=(0.2, 1.0, 3.0), from_logits=True)
    ours = CategoricalFocal(2.0, (0.2, 1.0, 3.0), from_logits=True)
    assert float(ours(np.eye(3)[labels], logits)) == pytest.approx(float(theirs(np.eye(3)[labels], logits)), rel=1e-5)
    yes = rng.integers(0, 2, (6, 1))
    binary = keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True)
    loss = BinaryFocal(2.0, 0.25, from_logits=True)(yes, logits[:, :1])
    assert float(loss) == pytest.approx(float(binary(yes, logits[:, :1])), rel=1e-5)


def test_gamma_zero_is_cross_entropy():
    logits, labels = np.array([[2.0, -1.0, 0.5]]), np.array([1])
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert float(SparseFocal(0.0, from_logits=True)(labels, logits)) == pytest.approx(float(plain(labels, logits)))


def test_steps_of_a_sequence_have_their_own_labels():
    logits = np.random.default_rng(0).normal(size=(2, 4, 3))
    labels = np.array([[0, 1, 2, 0], [2, 2, 1, 0]])
    loss = SparseFocal(from_logits=True, reduction=None)
    steps = np.stack([loss(labels[:, step], logits[:, step]) for step in range(4)], axis=1)
    np.testing.assert_allclose(loss(labels, logits), steps, rtol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: BinaryFocal(-1),
        lambda: BinaryFocal(alpha=2),
        lambda: SparseFocal(-1),
        lambda: SparseFocal(alpha=(-1, 1)),
    ],
)
def test_bad_arguments_are_refused(make):
    with pytest.raises(UsageError, match=r"Received: (gamma|alpha)="):
        make()


def test_a_weight_is_missing():
    with pytest.raises(UsageError, match="Received: 2 weights for 3 classes"):
        SparseFocal(alpha=(1.0, 2.0))(np.array([0]), np.array([[0.2, 0.3, 0.5]]))
