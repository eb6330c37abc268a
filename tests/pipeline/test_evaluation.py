"""Thresholds become TFMA's, and names are checked before anything runs."""

import pytest
from tensorflow_model_analysis.proto import config_pb2

from components.errors import UsageError
from pipeline.config import EvaluationConfig, Threshold
from pipeline.evaluation import eval_config


def _config(**changes) -> EvaluationConfig:
    return EvaluationConfig(**{"label": "y", "metrics": ("AUC", "BinaryCrossEntropy"), **changes})


def _whole(metric: config_pb2.MetricConfig) -> config_pb2.PerSliceMetricThreshold:
    """The threshold of the whole split, which has to be the only one."""
    [threshold] = metric.per_slice_thresholds
    assert list(threshold.slicing_specs) == [config_pb2.SlicingSpec()]
    return threshold


def test_thresholds_of_slices_are_held_against_slices_only():
    config = _config(slices=(("hour",),), slice_thresholds={"AUC": Threshold(lower=0.6)})
    [threshold] = eval_config(config).metrics_specs[0].metrics[0].per_slice_thresholds
    assert [list(spec.feature_keys) for spec in threshold.slicing_specs] == [["hour"]]
    assert threshold.threshold.value_threshold.lower_bound.value == 0.6


def test_bounds_and_changes_become_tfmas_thresholds():
    thresholds = {
        "AUC": Threshold(lower=0.7, min_improvement=-0.01),
        "BinaryCrossEntropy": Threshold(upper=0.6, min_improvement=0.0, higher_is_better=False),
    }
    auc, entropy = (_whole(metric) for metric in eval_config(_config(thresholds=thresholds)).metrics_specs[0].metrics)
    assert auc.threshold.value_threshold.lower_bound.value == 0.7
    assert not auc.threshold.value_threshold.HasField("upper_bound")
    assert auc.threshold.change_threshold.direction == config_pb2.MetricDirection.HIGHER_IS_BETTER
    assert auc.threshold.change_threshold.absolute.value == -0.01
    assert entropy.threshold.value_threshold.upper_bound.value == 0.6
    assert entropy.threshold.change_threshold.direction == config_pb2.MetricDirection.LOWER_IS_BETTER


def test_the_whole_split_is_always_evaluated():
    specs = eval_config(_config(slices=(("hour",), ("hour", "day")))).slicing_specs
    assert [list(spec.feature_keys) for spec in specs] == [[], ["hour"], ["hour", "day"]]


def test_a_metric_of_keras_is_known():
    assert eval_config(_config(metrics=("RootMeanSquaredError",))).metrics_specs[0].metrics[0].class_name


def test_a_metric_that_does_not_exist_is_refused():
    with pytest.raises(UsageError) as caught:
        eval_config(_config(metrics=("AUCC",)))
    assert str(caught.value) == (
        "A metric must exist in TFMA or Keras. Received: evaluation.metrics=AUCC. Did you mean 'AUC'?"
    )


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        ({"Recall": Threshold(lower=0.5)}, "A threshold must be on a metric that is computed"),
        ({"AUC": Threshold(lower=0.9, upper=0.5)}, "lower bound must not be above"),
        ({"AUC": Threshold()}, "A threshold must demand something"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_refused(threshold, message):
    with pytest.raises(UsageError, match=message):
        eval_config(_config(thresholds=threshold))
