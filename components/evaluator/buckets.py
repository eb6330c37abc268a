"""A plot of TFMA's kind: labels and predictions by ranges of predictions, whatever these are.

TFMA's own plots of this kind take predictions from 0 to 1, or from a range that the schema has to give, and fail on the
first that is no number: a model that the metrics only find fault with would end the Evaluator.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import apache_beam as beam
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

PREDICTIONS, ERRORS, LEFT_OUT = "buckets_of_predictions", "buckets_of_errors", "buckets_left_out"

_BUCKETS = 20
_OF_PROBABILITY = 100
_DIGITS = 3  # A value is kept to so many, and put into one of the buckets when the range of all values is known.

Sums = dict[float, list[float]]
"""A value to the number of its examples, the sum of their labels and that of their predictions."""
Accumulator = dict[str, Sums]


class BucketsPlot(metric_types.Metric):
    """Counts examples and adds up labels and predictions by ranges of the prediction, and by those of its error.

    Args:
        probability: Whether the predictions are probabilities: the ranges are then hundredths, and errors are not
            counted. What is below 0 or above 1 is counted there.
        name: What the plot is called.
    """

    def __init__(self, probability: bool = False, name: str = "buckets") -> None:
        super().__init__(metric_util.merge_per_key_computations(_computations), name=name, probability=probability)


def _computations(
    name: str = "buckets",
    probability: bool = False,
    model_name: str = "",
    output_name: str = "",
) -> metric_types.MetricComputations:
    """Returns what TFMA has to compute; it fills in the arguments by their names."""
    if model_name == constants.BASELINE_KEY:
        return []
    where = {"model_name": model_name, "output_name": output_name}
    own = metric_types.PlotKey(name=f"_{name}", **where)
    combiner = _Combiner(own, probability)

    def drawn(found: Mapping[Any, Any]) -> dict[metric_types.PlotKey, Any]:
        return {
            metric_types.PlotKey(name=part, **where): _proto(sums, probability) for part, sums in found[own].items()
        }

    keys = [metric_types.PlotKey(name=part, **where) for part in (PREDICTIONS, ERRORS, LEFT_OUT)]
    return [
        metric_types.MetricComputation(keys=[own], preprocessors=None, combiner=combiner),
        metric_types.DerivedMetricComputation(keys=keys, result=drawn),
    ]


class _Combiner(beam.CombineFn):
    """Adds up by rounded values."""

    def __init__(self, key: metric_types.PlotKey, probability: bool) -> None:
        self._key, self._probability = key, probability

    def create_accumulator(self) -> Accumulator:
        return {PREDICTIONS: {}, ERRORS: {}, LEFT_OUT: {}}

    def add_input(self, accumulator: Accumulator, element: Any) -> Accumulator:
        label, prediction = (_number(element, key, self._key) for key in ("labels", "predictions"))
        if label is None or prediction is None:
            return accumulator
        values = (1.0, label, prediction)
        if not math.isfinite(label + prediction):
            _add(accumulator[LEFT_OUT], 0.0, (1.0, 0.0, 0.0))
        elif self._probability:
            place = math.floor(prediction * _OF_PROBABILITY) / _OF_PROBABILITY
            _add(accumulator[PREDICTIONS], min(1.0, max(0.0, place)), values)
        else:
            _add(accumulator[PREDICTIONS], _rounded(prediction), values)
            _add(accumulator[ERRORS], _rounded(prediction - label), values)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Accumulator]) -> Accumulator:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for part, sums in accumulator.items():
                for place, values in sums.items():
                    _add(merged[part], place, values)
        return merged

    def extract_output(self, accumulator: Accumulator) -> dict[metric_types.PlotKey, Accumulator]:
        return {self._key: accumulator}


def _number(element: Any, key: str, where: metric_types.PlotKey) -> float | None:
    """Returns the label or the prediction of an example; None where it is not one number.

    It is asked for each example in each slice, and TFMA's own way to get at it takes ten times as long.
    """
    value = element.get(key)
    for name in (where.model_name, where.output_name):
        if isinstance(value, Mapping):
            value = value.get(name, value)
    return float(value.item()) if getattr(value, "size", 0) == 1 else None


def _add(sums: Sums, place: float, values: Iterable[float]) -> None:
    known = sums.setdefault(place, [0.0, 0.0, 0.0])
    for number, value in enumerate(values):
        known[number] += value


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS - 1}e}")


def _proto(sums: Sums, probability: bool) -> metrics_for_slice_pb2.CalibrationHistogramBuckets:
    message = metrics_for_slice_pb2.CalibrationHistogramBuckets()
    low, width = min(sums, default=0.0), 1 / _OF_PROBABILITY
    if not probability:
        width = (max(sums, default=0.0) - low) / _BUCKETS or 1.0
    whole: Sums = {}
    for place, values in sums.items():
        _add(whole, place if probability else low + width * min(_BUCKETS - 1, int((place - low) / width)), values)
    for lower, (examples, labels, predictions) in sorted(whole.items()):
        message.buckets.add(
            lower_threshold_inclusive=lower,
            upper_threshold_exclusive=lower + width,
            num_weighted_examples={"value": examples},
            total_weighted_label={"value": labels},
            total_weighted_refined_prediction={"value": predictions},
        )
    return message
