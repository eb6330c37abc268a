"""Metrics with a reference each, computed by scikit-learn or, where it has none, by NumPy."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import sklearn.metrics

from components.trainer import metrics

CLASSES = 4


@dataclass(frozen=True)
class Case:
    """A metric, and what it must be for labels, predictions and weights."""

    make: Callable[[], keras.metrics.Metric]
    reference: Callable[[np.ndarray, np.ndarray, np.ndarray], float]
    kind: str = "classes"

    def data(self, seed: int, examples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns random labels, predictions and weights, float32 as a model has them."""
        rng = np.random.default_rng(seed)
        weights = rng.random(examples).astype("float32") + np.float32(0.1)
        if self.kind == "classes":
            exponents = np.exp(rng.normal(size=(examples, CLASSES)) * 2)
            predictions = (exponents / exponents.sum(axis=1, keepdims=True)).astype("float32")
            return rng.integers(0, CLASSES, examples), predictions, weights
        width = CLASSES if self.kind == "labels" else 1
        predictions = rng.random((examples, width)).astype("float32")
        return (rng.random((examples, width)) < predictions).astype("int64"), predictions, weights


def _averaged(name: str, average: str) -> Case:
    score = getattr(sklearn.metrics, f"{name}_score")

    def reference(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
        return score(
            labels,
            predictions.argmax(axis=1),
            labels=range(CLASSES),
            average=average,
            sample_weight=weights,
            zero_division=0,
        )

    return Case(lambda: metrics.create(name, classes=CLASSES, average=average), reference)


def _multi_label(name: str, average: str) -> Case:
    score = getattr(sklearn.metrics, f"{name}_score")

    def reference(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
        decisions = (predictions > 0.3).astype(int)
        return score(labels, decisions, average=average, sample_weight=weights, zero_division=0)

    def make() -> Any:
        return metrics.create(name, classes=CLASSES, average=average, multi_label=True, threshold=0.3)

    return Case(make, reference, "labels")


def _yes_or_no_f1(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
    return sklearn.metrics.f1_score(labels[:, 0], predictions[:, 0] > 0.5, sample_weight=weights, zero_division=0)


def _balanced(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
    return sklearn.metrics.balanced_accuracy_score(labels, predictions.argmax(axis=1), sample_weight=weights)


def _top_2(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
    return sklearn.metrics.top_k_accuracy_score(labels, predictions, k=2, labels=range(CLASSES), sample_weight=weights)


def calibration_error(confidence: np.ndarray, correct: np.ndarray, weights: np.ndarray, bins: int) -> float:
    """The definition: the weighted mean over bins (low, high] of |accuracy - confidence|."""
    confidence, weights = confidence.astype("float64"), weights.astype("float64")
    error, edges = 0.0, np.linspace(0, 1, bins + 1)
    for low, high in itertools.pairwise(edges):
        inside = (confidence > low) & (confidence <= high) | ((low == 0) & (confidence == 0))
        if inside.any():
            mean = [np.average(values[inside], weights=weights[inside]) for values in (correct, confidence)]
            error += weights[inside].sum() / weights.sum() * abs(mean[0] - mean[1])
    return error


def _class_calibration(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
    return calibration_error(predictions.max(axis=1), predictions.argmax(axis=1) == labels, weights, 15)


def _yes_or_no_calibration(labels: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
    return calibration_error(predictions[:, 0], labels[:, 0], weights, 10)


AVERAGES = ("macro", "micro", "weighted")
CASES: dict[str, Case] = {
    **{f"{name}_{average}": _averaged(name, average) for name in ("f1", "precision", "recall") for average in AVERAGES},
    **{
        f"{name}_{average}_labels": _multi_label(name, average)
        for name in ("f1", "precision", "recall")
        for average in AVERAGES
    },
    "f1_yes_or_no": Case(lambda: metrics.F1(classes=1, multi_label=True), _yes_or_no_f1, "yes or no"),
    "balanced_accuracy": Case(lambda: metrics.BalancedAccuracy(CLASSES), _balanced),
    "top_2_accuracy": Case(lambda: metrics.TopKAccuracy(2), _top_2),
    "calibration": Case(metrics.ExpectedCalibrationError, _class_calibration),
    "calibration_yes_or_no": Case(
        lambda: metrics.ExpectedCalibrationError(bins=10), _yes_or_no_calibration, "yes or no"
    ),
}
ONE_OF_EACH_STATE = (
    "f1_macro",
    "precision_micro",
    "recall_weighted_labels",
    "balanced_accuracy",
    "top_2_accuracy",
    "calibration",
    "calibration_yes_or_no",
)
"""Cases that differ in what they keep, and so in what replicas must merge."""
