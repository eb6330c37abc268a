"""Weighted counts of right and wrong decisions per class, the state of F1, precision, recall and their kin."""

from typing import Any, Literal

import keras
from keras import ops

from components.errors import UsageError

Average = Literal["macro", "micro", "weighted"]


class ConfusionCounts(keras.metrics.Metric):
    """Streams true positives, false positives and false negatives per class.

    The counts are float64: float32 stops counting at 16.8 million. They sum over updates and over replicas, so neither
    the batch size nor the number of replicas changes a result.

    Args:
        classes: Number of classes or labels.
        multi_label: Whether an example can have any number of labels; exactly one class by default.
        threshold: With `multi_label`, the prediction above which a label counts as predicted.
        name: Name of the metric.
        dtype: Of the result, float32 by default.

    Raises:
        UsageError: There are too few classes.
    """

    def __init__(
        self,
        classes: int,
        multi_label: bool = False,
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        least = 1 if multi_label else 2
        if classes < least:
            raise UsageError(
                f"There must be {least} class(es) or more.",
                received=f"classes={classes}, multi_label={multi_label}",
                fix="For one yes/no output take classes=1 with multi_label=True.",
            )
        self.classes, self.multi_label, self.threshold = classes, multi_label, threshold
        self.true_positives = self._counts("true_positives")
        self.false_positives = self._counts("false_positives")
        self.false_negatives = self._counts("false_negatives")

    def _counts(self, name: str) -> Any:
        return self.add_variable((self.classes,), initializer="zeros", dtype="float64", aggregation="sum", name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch.

        Args:
            y_true: Class ids of shape [batch, ...] or [batch, ..., 1], or one-hot [batch, ..., classes]; with
                `multi_label`, 0 and 1 of shape [batch, ..., classes].
            y_pred: Scores of shape [batch, ..., classes], of which the highest is the decision; with `multi_label`
                each is compared with the threshold.
            sample_weight: Weight of each example, [batch, ...] or [batch, ..., 1]; 1 by default.

        Raises:
            UsageError: The predictions have another number of classes.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        check_classes(y_pred, self.classes)
        if self.multi_label:
            truth = ops.reshape(ops.cast(y_true, "float64"), (-1, self.classes))
            decision = ops.reshape(ops.cast(y_pred > self.threshold, "float64"), (-1, self.classes))
        else:
            truth = ops.one_hot(class_ids(y_true, y_pred), self.classes, dtype="float64")
            decision = ops.one_hot(ops.argmax(flat(y_pred), axis=-1), self.classes, dtype="float64")
        weights = ops.expand_dims(example_weights(sample_weight, truth), -1)
        for counts, hits in (
            (self.true_positives, truth * decision),
            (self.false_positives, (1 - truth) * decision),
            (self.false_negatives, truth * (1 - decision)),
        ):
            counts.assign(counts + ops.sum(weights * hits, axis=0))

    def get_config(self) -> dict[str, Any]:
        own = {"classes": self.classes, "multi_label": self.multi_label, "threshold": self.threshold}
        return {**super().get_config(), **own}


def check_classes(y_pred: Any, classes: int) -> None:
    """Raises a UsageError when predictions of shape [..., n] are not over this number of classes."""
    if y_pred.shape[-1] != classes:
        raise UsageError(
            "The model must have one output per class.",
            received=f"{y_pred.shape[-1]} outputs for classes={classes}",
            fix="Set `classes` of the metric to the width of the model's output.",
        )


def flat(y_pred: Any) -> Any:
    """Returns [..., classes] as [examples, classes]."""
    return ops.reshape(y_pred, (-1, y_pred.shape[-1]))


def class_ids(y_true: Any, y_pred: Any) -> Any:
    """Returns the classes as int32 [examples], from ids ([...] or [..., 1]) or one-hot rows."""
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == y_pred.shape[-1] > 1:
        return ops.cast(ops.argmax(flat(y_true), axis=-1), "int32")
    return ops.cast(ops.reshape(y_true, (-1,)), "int32")


def example_weights(sample_weight: Any, rows: Any) -> Any:
    """Returns the weights as float64 [examples]; 1 for each row where there are none."""
    if sample_weight is None:
        return ops.ones(ops.shape(rows)[:1], dtype="float64")
    return ops.reshape(ops.cast(sample_weight, "float64"), (-1,))


def averaged(per_class: Any, support: Any, average: Average) -> Any:
    """Returns the mean over classes: plain (`macro`), or (`weighted`) by the examples that each class truly has."""
    if average == "macro":
        return ops.mean(per_class)
    return ops.divide_no_nan(ops.sum(per_class * support), ops.sum(support))


def check_average(average: str) -> None:
    """Raises a UsageError for an average that does not exist."""
    if average not in ("macro", "micro", "weighted"):
        raise UsageError("`average` must be macro, micro or weighted.", received=f"average={average}")
