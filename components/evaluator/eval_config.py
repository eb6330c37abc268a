"""From a task's EvaluationConfig to TFMA's EvalConfig."""

import json
from typing import Any

from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils.keras_lib import tf_keras as tfma_keras

from components.errors import UsageError, did_you_mean
from components.evaluator.buckets import BucketsPlot
from components.evaluator.config import EvaluationConfig, OutputEvaluation, Threshold
from components.evaluator.plots import kind_of

SIGNATURE = "serving_examples"
COUNT = "ExampleCount"
CONFUSIONS = "MultiClassConfusionMatrixPlot"


def eval_config(config: EvaluationConfig) -> config_pb2.EvalConfig:
    """Returns what TFMA needs to judge a model.

    Args:
        config: Metrics, slices and thresholds of the task.

    Raises:
        UsageError: A metric does not exist, or a threshold makes no sense.
    """
    config.check()
    labels = {name: output.label for name, output in config.outputs.items()}
    model = config_pb2.ModelSpec(signature_name=SIGNATURE, label_key=config.label, label_keys=labels)
    return config_pb2.EvalConfig(
        model_specs=[model],
        slicing_specs=[config_pb2.SlicingSpec(), *_slicings(config)],
        metrics_specs=[
            *(_metrics_spec(name, target, config) for name, target in config.targets.items()),
            *(_plots_spec(name, target) for name, target in config.targets.items() if kind_of(target.metrics)),
        ],
    )


def _metrics_spec(output: str, target: OutputEvaluation, config: EvaluationConfig) -> config_pb2.MetricsSpec:
    for name in target.metrics:
        metric_class(name)
    counted = config.min_slice_examples > 1 and target.slice_thresholds and COUNT not in target.metrics
    metrics = [
        config_pb2.MetricConfig(class_name=name, per_slice_thresholds=_thresholds(name, target, config))
        for name in (*target.metrics, *([COUNT] if counted else []))
    ]
    return config_pb2.MetricsSpec(metrics=metrics, output_names=[output] if output else [])


def _plots_spec(output: str, target: OutputEvaluation) -> config_pb2.MetricsSpec:
    """Returns the plot that fits an output, for the page of a run."""
    kind = kind_of(target.metrics)
    plot = config_pb2.MetricConfig(class_name=CONFUSIONS)
    if kind != "classes":
        config = json.dumps({"probability": kind == "probability"})
        plot = config_pb2.MetricConfig(class_name=BucketsPlot.__name__, module=BucketsPlot.__module__, config=config)
    return config_pb2.MetricsSpec(metrics=[plot], output_names=[output] if output else [])


def metric_class(name: str) -> Any:
    """Returns the class that TFMA would take for a name: its own first, then Keras's."""
    known = {**vars(tfma_keras.metrics), **metric_types.registered_metrics()}
    classes = {key: value for key, value in known.items() if isinstance(value, type) and key != "Metric"}
    if name not in classes:
        raise UsageError(
            "A metric must exist in TFMA or Keras.",
            received=f"evaluation.metrics={name}",
            fix=did_you_mean(name, classes),
        )
    return classes[name]


def _slicings(config: EvaluationConfig) -> list[config_pb2.SlicingSpec]:
    return [config_pb2.SlicingSpec(feature_keys=list(keys)) for keys in config.slices]


def _thresholds(
    name: str, target: OutputEvaluation, config: EvaluationConfig
) -> list[config_pb2.PerSliceMetricThreshold]:
    """Returns the thresholds per slicing. TFMA's plain `threshold` would be held against every slice too."""
    demanded = [
        (target.thresholds.get(name), [config_pb2.SlicingSpec()]),
        (target.slice_thresholds.get(name), _slicings(config)),
    ]
    return [
        config_pb2.PerSliceMetricThreshold(slicing_specs=specs, threshold=_threshold(threshold))
        for threshold, specs in demanded
        if threshold is not None
    ]


def _threshold(threshold: Threshold) -> config_pb2.MetricThreshold:
    message = config_pb2.MetricThreshold()
    if threshold.lower is not None:
        message.value_threshold.lower_bound.value = threshold.lower
    if threshold.upper is not None:
        message.value_threshold.upper_bound.value = threshold.upper
    if threshold.min_improvement is not None:
        higher = threshold.higher_is_better
        message.change_threshold.direction = (
            config_pb2.MetricDirection.HIGHER_IS_BETTER if higher else config_pb2.MetricDirection.LOWER_IS_BETTER
        )
        message.change_threshold.absolute.value = threshold.min_improvement if higher else -threshold.min_improvement
    return message
