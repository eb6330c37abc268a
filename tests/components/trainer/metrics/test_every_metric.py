"""What must hold for every metric: right values with weights, streaming, resetting, serialization."""

import warnings

import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies as st

from components.errors import UsageError
from components.trainer import metrics
from tests.components.trainer.metrics.cases import CASES, CLASSES

few = hypothesis.settings(max_examples=10, deadline=None)
# What float32, the type of a result, resolves below 1.
TOLERANCE = 1e-6


@pytest.mark.parametrize("name", CASES)
@few
@hypothesis.given(seed=st.integers(0, 10**6), examples=st.integers(1, 30), weighted=st.booleans())
def test_is_the_reference(name, seed, examples, weighted):
    labels, predictions, weights = CASES[name].data(seed, examples)
    metric = CASES[name].make()
    metric.update_state(labels, predictions, sample_weight=weights if weighted else None)
    with warnings.catch_warnings():
        # A class that is predicted and not in so small a sample.
        warnings.simplefilter("ignore")
        expected = CASES[name].reference(labels, predictions, weights if weighted else np.ones_like(weights))
    assert float(metric.result()) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("name", CASES)
def test_many_updates_are_one(name):
    labels, predictions, weights = CASES[name].data(seed=1, examples=40)
    whole, parts = CASES[name].make(), CASES[name].make()
    whole.update_state(labels, predictions, sample_weight=weights)
    for part in (slice(0, 7), slice(7, 7), slice(7, 39), slice(39, 40)):
        parts.update_state(labels[part], predictions[part], sample_weight=weights[part, None])
    # float64 sums in another order, and one rounding to float32.
    assert float(parts.result()) == pytest.approx(float(whole.result()), abs=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_reset_forgets_everything(name):
    metric = CASES[name].make()
    assert float(metric.result()) == 0
    metric.update_state(*CASES[name].data(seed=1, examples=20)[:2])
    metric.reset_state()
    assert all((variable.numpy() == 0).all() for variable in metric.variables)
    labels, predictions, weights = CASES[name].data(seed=2, examples=20)
    metric.update_state(labels, predictions, sample_weight=weights)
    assert float(metric.result()) == pytest.approx(CASES[name].reference(labels, predictions, weights), abs=TOLERANCE)


@pytest.mark.parametrize("name", CASES)
def test_serialized_and_back_it_is_the_same(name):
    metric = CASES[name].make()
    copy = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(copy) is type(metric)
    assert copy.get_config() == metric.get_config()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.kind == "classes"])
def test_one_hot_columns_and_sequences_are_class_ids(name):
    labels, predictions, weights = CASES[name].data(seed=3, examples=12)
    expected = CASES[name].reference(labels, predictions, weights)
    for same_labels, same_predictions, same_weights in (
        (np.eye(CLASSES)[labels], predictions, weights),
        (labels[:, None], predictions, weights),
        (labels.reshape(3, 4), predictions.reshape(3, 4, CLASSES), weights.reshape(3, 4)),
    ):
        metric = CASES[name].make()
        metric.update_state(same_labels, same_predictions, sample_weight=same_weights)
        assert float(metric.result()) == pytest.approx(expected, abs=TOLERANCE)


def test_all_work_in_fit_and_evaluate():
    names = [name for name, case in CASES.items() if case.kind == "classes"]
    labels, predictions, weights = CASES["f1_macro"].data(seed=4, examples=24)
    model = keras.Sequential([keras.Input((CLASSES,)), keras.layers.Activation("linear")])
    compiled = [CASES[name].make() for name in names]
    for name, metric in zip(names, compiled, strict=True):
        metric.name = name
    model.compile(loss="sparse_categorical_crossentropy", weighted_metrics=compiled)
    values = model.evaluate(predictions, labels, sample_weight=weights, batch_size=7, verbose=0, return_dict=True)
    for name in names:
        assert values[name] == pytest.approx(CASES[name].reference(labels, predictions, weights), abs=TOLERANCE)


def test_counts_go_beyond_what_float32_can_count():
    metric = metrics.F1(classes=1, multi_label=True)
    metric.true_positives.assign([2.0**24])
    metric.update_state(np.ones((1, 1)), np.ones((1, 1)))
    assert float(metric.true_positives[0]) == 2**24 + 1


def test_nan_is_never_right():
    metric = metrics.TopKAccuracy(k=1)
    metric.update_state([0, 0], np.array([[np.nan] * 3, [0.8, 0.1, 0.1]]))
    assert float(metric.result()) == 0.5


def test_equal_scores_do_not_make_a_hit_of_every_class():
    metric = metrics.TopKAccuracy(k=1)
    metric.update_state([0, 1, 2], np.full((3, 3), 1 / 3))
    assert float(metric.result()) == pytest.approx(1 / 3)


def test_calibration_takes_logits_and_edges():
    labels, probabilities, _ = CASES["calibration"].data(seed=5, examples=30)
    plain, logits = metrics.ExpectedCalibrationError(), metrics.ExpectedCalibrationError(from_logits=True)
    plain.update_state(labels, probabilities)
    logits.update_state(labels, np.log(probabilities) + 3)
    assert float(logits.result()) == pytest.approx(float(plain.result()), abs=1e-6)
    edges = metrics.ExpectedCalibrationError(bins=4)
    edges.update_state(np.array([[0], [0], [0], [1]]), np.array([[0.0], [0.25], [0.5], [1.0]]))
    assert edges.weight.numpy().tolist() == [2, 1, 0, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.F1(classes=1), "Received: classes=1, multi_label=False"),
        (lambda: metrics.F1(classes=3, average="mean"), "Received: average=mean"),
        (lambda: metrics.TopKAccuracy(0), "Received: k=0"),
        (lambda: metrics.ExpectedCalibrationError(0), "Received: bins=0"),
        (lambda: metrics.F1(classes=3).update_state([0], np.ones((1, 4))), "Received: 4 outputs for classes=3"),
        (lambda: metrics.create("precison", classes=3), "Did you mean 'precision'?"),
        (lambda: metrics.create("f1", clases=3), "Did you mean 'classes'?"),
        (lambda: metrics.create("f1"), "The metric f1 needs classes."),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(UsageError) as refused:
        make()
    assert message in str(refused.value)
