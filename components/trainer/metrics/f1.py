"""Precision, recall and their harmonic mean, averaged over classes as scikit-learn does it."""

import abc
from typing import Any

import keras
from keras import ops

from components.trainer.metrics.confusion import Average, ConfusionCounts, averaged, check_average


class _Averaged(ConfusionCounts, abc.ABC):
    """A ratio of counts, per class and then averaged, or (`micro`) of the counts of all classes together."""

    _NAME = ""

    def __init__(
        self,
        classes: int,
        average: Average = "macro",
        multi_label: bool = False,
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(classes, multi_label, threshold, name=name or self._NAME, dtype=dtype)
        check_average(average)
        self.average = average

    def result(self) -> Any:
        """Returns the value as a scalar; where nothing was counted, 0."""
        counts = [ops.convert_to_tensor(c) for c in (self.true_positives, self.false_positives, self.false_negatives)]
        if self.average == "micro":
            value = self._ratio(*(ops.sum(count) for count in counts))
        else:
            value = averaged(self._ratio(*counts), counts[0] + counts[2], self.average)
        return ops.cast(value, self.dtype)

    @abc.abstractmethod
    def _ratio(self, hits: Any, false_alarms: Any, misses: Any) -> Any:
        """Returns the ratio of counts of any shape."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "average": self.average}


@keras.saving.register_keras_serializable(package="slipway")
class F1(_Averaged):
    """The harmonic mean of precision and recall: `2 tp / (2 tp + fp + fn)`.

    Equal to `sklearn.metrics.f1_score(..., labels=range(classes), zero_division=0)`.

    Args:
        classes: Number of classes or labels.
        average: `macro` (mean over classes, the default), `micro` (over all decisions) or `weighted` (mean over classes
            by their number of true examples).
        multi_label: Whether an example can have any number of labels. With `classes=1` this is the F1 of one yes/no
            output.
        threshold: With `multi_label`, the prediction above which a label counts as predicted; 0 fits logits.
        name: Name of the metric.
        dtype: Of the result, float32 by default.

    Raises:
        UsageError: There are too few classes, or the average does not exist.

    Example:
        >>> metric = F1(classes=2)
        >>> metric.update_state([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    _NAME = "f1"

    def _ratio(self, hits: Any, false_alarms: Any, misses: Any) -> Any:
        return ops.divide_no_nan(2 * hits, 2 * hits + false_alarms + misses)


@keras.saving.register_keras_serializable(package="slipway")
class Precision(_Averaged):
    """The part of the decisions for a class that is right; arguments as in `F1`.

    Equal to `sklearn.metrics.precision_score(..., labels=range(classes), zero_division=0)`.
    """

    _NAME = "precision"

    def _ratio(self, hits: Any, false_alarms: Any, misses: Any) -> Any:
        return ops.divide_no_nan(hits, hits + false_alarms)


@keras.saving.register_keras_serializable(package="slipway")
class Recall(_Averaged):
    """The part of the examples of a class that is found; arguments as in `F1`.

    Equal to `sklearn.metrics.recall_score(..., labels=range(classes), zero_division=0)`.
    """

    _NAME = "recall"

    def _ratio(self, hits: Any, false_alarms: Any, misses: Any) -> Any:
        return ops.divide_no_nan(hits, hits + misses)
