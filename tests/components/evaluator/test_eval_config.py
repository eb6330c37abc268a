"""Thresholds become TFMA's, and names are checked before anything runs."""

import dataclasses
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_model_analysis.proto import config_pb2

from components.errors import UsageError
from components.evaluator.config import EvaluationConfig, OutputEvaluation, Threshold
from components.evaluator.eval_config import eval_config
from components.evaluator.judge import judge
from pipeline.config import RunnerConfig


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


def test_examples_are_counted_where_small_slices_are_not_judged():
    config = _config(slices=(("hour",),), slice_thresholds={"AUC": Threshold(lower=0.6)}, min_slice_examples=20)
    assert [metric.class_name for metric in eval_config(config).metrics_specs[0].metrics][-1] == "ExampleCount"
    assert len(eval_config(dataclasses.replace(config, min_slice_examples=1)).metrics_specs[0].metrics) == 2


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


PRICE = OutputEvaluation("price", ("MeanSquaredError", "ExampleCount"), {"MeanSquaredError": Threshold(upper=1.0)})
KIND = OutputEvaluation(
    "kind",
    ("SparseCategoricalAccuracy",),
    {"SparseCategoricalAccuracy": Threshold(lower=0.99)},
    {"SparseCategoricalAccuracy": Threshold(lower=0.1)},
)
SEVERAL = EvaluationConfig(slices=(("half",),), outputs={"price": PRICE, "kind": KIND})


def test_each_output_has_its_label_metrics_and_thresholds():
    config = eval_config(SEVERAL)
    assert dict(config.model_specs[0].label_keys) == {"price": "price", "kind": "kind"}
    price, kind = config.metrics_specs[:2]
    assert (list(price.output_names), list(kind.output_names)) == (["price"], ["kind"])
    assert _whole(price.metrics[0]).threshold.value_threshold.upper_bound.value == 1.0
    assert len(kind.metrics[0].per_slice_thresholds) == 2


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (EvaluationConfig(metrics=("AUC",)), "`evaluation.label` must be given."),
        (EvaluationConfig("y", ("AUC",), min_slice_examples=0), "`evaluation.min_slice_examples` must be at least 1."),
        (EvaluationConfig("y"), "`evaluation.metrics` must be given."),
        (dataclasses.replace(SEVERAL, label="y"), "Set it in evaluation.outputs.<output>.label."),
        (
            EvaluationConfig(outputs={"price": OutputEvaluation("y", ("AUC",), {"AUK": Threshold(lower=1.0)})}),
            "Received: evaluation.outputs.price.thresholds.AUK. Did you mean 'AUC'?",
        ),
        (EvaluationConfig(outputs={"price": OutputEvaluation("y", ("AUCC",))}), "Did you mean 'AUC'?"),
    ],
)
def test_outputs_that_make_no_sense_are_refused(config, message):
    with pytest.raises(UsageError) as caught:
        eval_config(config)
    assert message in str(caught.value)


@pytest.mark.slow
def test_tfma_judges_each_output_of_a_model(tmp_path):
    model, records = _model(tmp_path / "model"), _records(tmp_path / "records")
    config = eval_config(SEVERAL)
    tfma.run_model_analysis(
        eval_shared_model=tfma.default_eval_shared_model(model, eval_config=config),
        eval_config=config,
        data_location=records,
        output_path=str(tmp_path / "evaluation"),
        pipeline_options=PipelineOptions(list(RunnerConfig().beam_args)),
    )
    found = {(row.metric, row.slice): row for row in judge(str(tmp_path / "evaluation"), SEVERAL)}
    assert list(found)[:3] == [
        ("price/MeanSquaredError", ""),
        ("price/ExampleCount", ""),
        ("kind/SparseCategoricalAccuracy", ""),
    ]
    # The model says 2x where the price is 2x + 0.5, and a kind that is right in three of four rows.
    price, kind = found["price/MeanSquaredError", ""], found["kind/SparseCategoricalAccuracy", ""]
    assert (price.value, price.passed) == (pytest.approx(0.25, abs=1e-6), True)
    assert (kind.value, kind.passed) == (pytest.approx(0.75), False)
    assert found["price/ExampleCount", ""].value == 8
    assert found["kind/SparseCategoricalAccuracy", "half=1"].passed is True


def _model(folder: Path) -> str:
    """Exports a model of two outputs that no training has made."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def predict(examples):
        x = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"]
        kind = tf.cast(tf.one_hot(tf.cast(x[:, 0], tf.int64) % 4 // 2, 2), tf.float32)
        return {"price": 2 * x, "kind": kind}

    tf.saved_model.save(tf.Module(), str(folder), signatures={"serving_examples": predict})
    return str(folder)


def _records(file: Path) -> str:
    with tf.io.TFRecordWriter(str(file)) as writer:
        for number in range(8):
            values = {"x": float(number), "price": 2.0 * number + 0.5}
            features = {name: tf.train.Feature(float_list=tf.train.FloatList(value=[v])) for name, v in values.items()}
            for name, value in (("kind", int(number % 4 == 3)), ("half", number // 4)):
                features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    return str(file)


@pytest.mark.parametrize(
    ("metrics", "plots"),
    [
        (("AUC",), [("BucketsPlot", '{"probability": true}')]),
        (("MeanAbsoluteError",), [("BucketsPlot", '{"probability": false}')]),
        (("SparseCategoricalAccuracy",), [("MultiClassConfusionMatrixPlot", "")]),
        (("ExampleCount",), []),
    ],
)
def test_each_output_has_the_plot_that_fits(metrics, plots):
    outputs = {"a": OutputEvaluation("label", metrics)}
    _, *specs = eval_config(EvaluationConfig(outputs=outputs)).metrics_specs
    assert [(spec.metrics[0].class_name, spec.metrics[0].config) for spec in specs] == plots
    assert all(list(spec.output_names) == ["a"] for spec in specs)
