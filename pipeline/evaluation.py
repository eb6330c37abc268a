"""From a task's EvaluationConfig to TFMA's EvalConfig, and from TFMA's result to the rows that a person reads."""

from typing import Any, NamedTuple

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils.keras_lib import tf_keras as tfma_keras

from components.errors import UsageError, did_you_mean
from pipeline.config import EvaluationConfig, OutputEvaluation, Threshold

SIGNATURE = "serving_examples"


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
        metrics_specs=[_metrics_spec(name, target, config) for name, target in config.targets.items()],
    )


def _metrics_spec(output: str, target: OutputEvaluation, config: EvaluationConfig) -> config_pb2.MetricsSpec:
    for name in target.metrics:
        _metric_class(name)
    metrics = [
        config_pb2.MetricConfig(class_name=name, per_slice_thresholds=_thresholds(name, target, config))
        for name in target.metrics
    ]
    return config_pb2.MetricsSpec(metrics=metrics, output_names=[output] if output else [])


def _metric_class(name: str) -> Any:
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


class _Place(NamedTuple):
    """Where a value stands: the slice in words ("" is the whole split), the output and TFMA's name of the metric."""

    where: str
    output: str
    metric: str


def rows(evaluation_uri: str, config: EvaluationConfig) -> list[dict[str, Any]]:
    """Returns what the Evaluator found as a row per metric and slice.

    Args:
        evaluation_uri: The Evaluator's `evaluation` artifact.
        config: What it was asked for.

    Returns:
        Rows with metric (`<output>/<metric>` where there are several outputs), slice ("" is the whole split), value,
        lower, upper, baseline, change, min_change and passed; None where something does not apply. The whole split
        comes first, outputs and metrics in the order of the configuration.
    """
    names = {
        (output, _metric_class(name)().name): name
        for output, target in config.targets.items()
        for name in target.metrics
    }
    order = list(names)
    candidate, baseline = _values(evaluation_uri)
    failed = _failed(evaluation_uri)
    known = sorted(
        (place for place in candidate if place[1:] in names), key=lambda place: (place.where, order.index(place[1:]))
    )
    return [
        _row(names[place[1:]], place, candidate[place], baseline.get(place), config, place in failed) for place in known
    ]


def _row(
    name: str, place: _Place, value: float, baseline: float | None, config: EvaluationConfig, failed: bool
) -> dict[str, Any]:
    target = config.targets[place.output]
    judged = (target.slice_thresholds if place.where else target.thresholds).get(name, Threshold())
    bounded = (judged.lower, judged.upper) != (None, None)
    compared = judged.min_improvement is not None and baseline is not None
    return {
        "metric": f"{place.output}/{name}" if place.output else name,
        "slice": place.where,
        "value": value,
        "lower": judged.lower,
        "upper": judged.upper,
        "baseline": baseline,
        "change": None if baseline is None else value - baseline,
        "min_change": judged.min_improvement,
        "passed": not failed if bounded or compared else None,
    }


def _values(evaluation_uri: str) -> tuple[dict[_Place, float], dict[_Place, float]]:
    """Returns the scalar metrics of the model and of the baseline."""
    candidate: dict[_Place, float] = {}
    baseline: dict[_Place, float] = {}
    for message in tfma.load_metrics(evaluation_uri):
        for item in message.metric_keys_and_values:
            if item.key.is_diff or not item.value.HasField("double_value"):
                continue
            values = baseline if item.key.model_name == tfma.BASELINE_KEY else candidate
            values[_Place(_words(message.slice_key), item.key.output_name, item.key.name)] = (
                item.value.double_value.value
            )
    return candidate, baseline


def _failed(evaluation_uri: str) -> set[_Place]:
    result = tfma.load_validation_result(evaluation_uri)
    return {
        _Place(_words(per_slice.slice_key), failure.metric_key.output_name, failure.metric_key.name)
        for per_slice in (result.metric_validations_per_slice if result else ())
        for failure in per_slice.failures
    }


def _words(slice_key: Any) -> str:
    """Returns a slice as `feature=value`, several joined by commas."""
    pairs = []
    for single in slice_key.single_slice_keys:
        value = getattr(single, single.WhichOneof("kind"))
        pairs.append(f"{single.column}={value.decode(errors='replace') if isinstance(value, bytes) else value}")
    return ", ".join(pairs)
