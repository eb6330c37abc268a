"""Metrics that stream, merge over replicas and reset, and `create` for these and Keras's own by name.

>>> create("f1", classes=3, average="weighted").average
'weighted'
"""

import inspect
from typing import Any

import keras

from components.errors import UsageError, did_you_mean
from components.trainer.metrics.balanced_accuracy import BalancedAccuracy
from components.trainer.metrics.calibration import ExpectedCalibrationError
from components.trainer.metrics.f1 import F1, Precision, Recall
from components.trainer.metrics.top_k import TopKAccuracy

__all__ = ["F1", "BalancedAccuracy", "ExpectedCalibrationError", "Precision", "Recall", "TopKAccuracy", "create"]

_METRICS: dict[str, type[keras.metrics.Metric]] = {
    "f1": F1,
    "precision": Precision,
    "recall": Recall,
    "balanced_accuracy": BalancedAccuracy,
    "expected_calibration_error": ExpectedCalibrationError,
    "top_k_accuracy": TopKAccuracy,
    "accuracy": keras.metrics.SparseCategoricalAccuracy,
    "categorical_accuracy": keras.metrics.CategoricalAccuracy,
    "binary_accuracy": keras.metrics.BinaryAccuracy,
    "auc": keras.metrics.AUC,
    "mean_squared_error": keras.metrics.MeanSquaredError,
    "root_mean_squared_error": keras.metrics.RootMeanSquaredError,
    "mean_absolute_error": keras.metrics.MeanAbsoluteError,
    "mean_absolute_percentage_error": keras.metrics.MeanAbsolutePercentageError,
    "r2_score": keras.metrics.R2Score,
}


def create(name: str, **params: Any) -> keras.metrics.Metric:
    """Returns the metric of a name.

    Args:
        name: One of the names in snake case, ours or Keras's.
        params: Arguments of the metric, such as `classes`, `average`, `multi_label`, `k` or `bins`.

    Raises:
        UsageError: The name or an argument is unknown, or an argument that is needed is missing.
    """
    if name not in _METRICS:
        raise UsageError("The metric must be known.", received=f"metric={name}", fix=did_you_mean(name, _METRICS))
    parameters = list(inspect.signature(_METRICS[name].__init__).parameters.values())[1:]
    known = [parameter.name for parameter in parameters]
    for param in params:
        if param not in known:
            raise UsageError(
                f"An argument of the metric {name} must exist.", received=param, fix=did_you_mean(param, known)
            )
    missing = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    if missing := [param for param in missing if param not in params]:
        raise UsageError(f"The metric {name} needs {', '.join(missing)}.", received=f"params={params}")
    return _METRICS[name](**params)
