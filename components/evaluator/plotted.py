"""From the plots that TFMA has computed to those of `plots.json`."""

from collections.abc import Iterator
from typing import Any

import tensorflow_model_analysis as tfma

from components.evaluator import buckets
from components.evaluator.config import EvaluationConfig
from components.evaluator.plots import Bucket, Confusion, OutputPlots, Plots, kind_of

_CONFUSIONS = 2_500  # All of 50 classes.


def plotted(evaluation_uri: str, config: EvaluationConfig) -> Plots:
    """Returns the plots of the model over the whole split; those of slices and of the baseline are left to TFMA.

    Args:
        evaluation_uri: The folder that TFMA has written.
        config: What it was asked for.
    """
    found = {(output, kind): data for output, kind, data in _read(evaluation_uri)}
    outputs = (_output(name, target.metrics, found) for name, target in config.targets.items())
    return Plots(tuple(output for output in outputs if output is not None))


def _read(evaluation_uri: str) -> Iterator[tuple[str, str, Any]]:
    for message in tfma.load_plots(evaluation_uri):
        if message.slice_key.single_slice_keys:
            continue
        for item in message.plot_keys_and_values:
            if item.key.model_name != tfma.BASELINE_KEY:
                yield item.key.output_name, item.key.name, item.value


def _output(name: str, metrics: tuple[str, ...], found: dict[tuple[str, str], Any]) -> OutputPlots | None:
    kind = kind_of(metrics)
    if kind is None:
        return None
    if kind == "classes":
        data = found.get((name, tfma.metrics.MultiClassConfusionMatrixPlot().name))
        return OutputPlots(name, kind, _confusions(data)) if data else None
    predictions, errors, left_out = (
        _buckets(found.get((name, part))) for part in (buckets.PREDICTIONS, buckets.ERRORS, buckets.LEFT_OUT)
    )
    missing = sum(bucket.examples for bucket in left_out)
    return OutputPlots(name, kind, buckets=predictions, errors=errors, left_out=missing)


def _confusions(data: Any) -> tuple[Confusion, ...]:
    [matrix] = data.multi_class_confusion_matrix_at_thresholds.matrices
    found = (
        Confusion(entry.actual_class_id, entry.predicted_class_id, entry.num_weighted_examples)
        for entry in matrix.entries
    )
    ordered = sorted(found, key=lambda one: (-one.examples, one.actual, one.predicted))
    return tuple(ordered[:_CONFUSIONS])


def _buckets(data: Any) -> tuple[Bucket, ...]:
    known = data.calibration_histogram_buckets.buckets if data else ()
    return tuple(
        Bucket(
            bucket.lower_threshold_inclusive,
            bucket.upper_threshold_exclusive,
            bucket.num_weighted_examples.value,
            bucket.total_weighted_label.value / bucket.num_weighted_examples.value,
            bucket.total_weighted_refined_prediction.value / bucket.num_weighted_examples.value,
        )
        for bucket in known
    )
