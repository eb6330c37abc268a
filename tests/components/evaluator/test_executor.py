"""The real TFMA over eight examples: each case that a verdict can meet is decided as docs/gates.md says."""

import math
from pathlib import Path

import pytest

from components.evaluator.config import EvaluationConfig, OutputEvaluation, Threshold
from tests.components.evaluator import tiny

pytestmark = pytest.mark.slow

MSE = "MeanSquaredError"


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> dict:
    """The examples and a model that is right: an error of 0."""
    folder = tmp_path_factory.mktemp("inputs")
    return {"examples": tiny.examples(folder / "examples"), "model": tiny.export(folder / "model", scale=2.0)}


def _config(**changes) -> EvaluationConfig:
    return EvaluationConfig(**{"label": "y", "metrics": (MSE,), "thresholds": {MSE: Threshold(upper=1.0)}, **changes})


def test_without_a_threshold_there_is_a_verdict_and_it_is_no(inputs, tmp_path):
    found = tiny.evaluate(tmp_path, _config(thresholds={}), inputs)
    assert not found.verdict.blessed
    assert found.verdict.reason.startswith("no threshold; give one, such as --set evaluation.thresholds.AUC.lower")
    assert found.blessing.get_int_custom_property("current_model_id") == 7
    assert (Path(found.blessing.uri) / "NOT_BLESSED").exists()


def test_a_first_model_is_not_held_against_a_baseline(inputs, tmp_path):
    config = _config(thresholds={MSE: Threshold(min_improvement=1.0, higher_is_better=False)})
    found = tiny.evaluate(tmp_path, config, inputs)
    assert (found.verdict.blessed, found.verdict.reason) == (True, "There is no baseline to be better than.")
    assert (found.row(MSE).passed, found.row(MSE).note) == (None, "no baseline")
    assert found.blessing.get_int_custom_property("blessed") == 1


@pytest.mark.parametrize(("margin", "blessed"), [(0.0, True), (0.1, False)])
def test_an_equal_model_passes_where_no_improvement_is_demanded(inputs, tmp_path, margin, blessed):
    config = _config(thresholds={MSE: Threshold(upper=1.0, min_improvement=margin, higher_is_better=False)})
    found = tiny.evaluate(tmp_path, config, {**inputs, "baseline_model": inputs["model"]})
    assert found.verdict.blessed is blessed
    assert (found.row(MSE).value, found.row(MSE).baseline, found.row(MSE).change) == (0.0, 0.0, 0.0)
    assert found.blessing.get_int_custom_property("baseline_model_id") == 7


def test_a_baseline_of_another_schema_is_left_out_and_that_is_said(inputs, tmp_path):
    other = tiny.export(tmp_path / "other", scale=2.0, feature="z")
    config = _config(thresholds={MSE: Threshold(upper=1.0, min_improvement=0.5, higher_is_better=False)})
    found = tiny.evaluate(tmp_path, config, {**inputs, "baseline_model": other})
    assert found.verdict.blessed
    assert "the baseline cannot take these examples" in found.verdict.uncompared
    assert "z" in found.verdict.uncompared
    assert (found.row(MSE).passed, found.row(MSE).baseline) == (True, None)
    assert not found.blessing.has_custom_property("baseline_model_id")


def test_a_model_of_another_schema_is_an_error_with_a_baseline_too(inputs, tmp_path):
    other = tiny.export(tmp_path / "other", scale=2.0, feature="z")
    with pytest.raises(Exception, match="serving_examples"):
        tiny.evaluate(tmp_path, _config(), {**inputs, "model": other, "baseline_model": inputs["model"]})


def test_nan_never_blesses(inputs, tmp_path):
    wrong = tiny.export(tmp_path / "wrong", scale=tiny.WRONG)
    config = _config(thresholds={MSE: Threshold(min_improvement=-1e9, higher_is_better=False)})
    found = tiny.evaluate(tmp_path, config, {**inputs, "model": wrong})
    assert (found.verdict.blessed, found.row(MSE).value, found.row(MSE).note) == (False, None, "NaN")
    assert found.verdict.reason == "MeanSquaredError=NaN (change <= 1e+09)"
    [plotted] = found.plots.outputs
    assert (plotted.kind, plotted.left_out, plotted.buckets) == ("number", 8, ())


def test_a_small_slice_is_shown_and_not_judged(inputs, tmp_path):
    poor = tiny.export(tmp_path / "poor", scale=2.2)  # Squared errors 0.04 x^2: mean 0.37 of a, 1.7 of b.
    config = _config(slices=(("side",),), slice_thresholds={MSE: Threshold(upper=1.0)}, min_slice_examples=3)
    found = tiny.evaluate(tmp_path / "small", config, {**inputs, "model": poor})
    assert found.verdict.blessed
    assert (found.row(MSE, "side=a").passed, found.row(MSE, "side=a").examples) == (True, 6)
    assert (found.row(MSE, "side=b").passed, found.row(MSE, "side=b").note) == (None, "too few examples, 2 of 3")
    assert found.row(MSE, "side=b").value == pytest.approx(1.7, abs=1e-5)  # float32 in the model.


def test_a_slice_that_no_example_has_is_missed(inputs, tmp_path):
    config = _config(slices=(("colour",),), slice_thresholds={MSE: Threshold(upper=1.0)})
    found = tiny.evaluate(tmp_path, config, inputs)
    assert not found.verdict.blessed
    assert found.row(MSE, "colour").note == "no example has it"


def test_force_blesses_and_the_reason_is_kept(inputs, tmp_path):
    poor = tiny.export(tmp_path / "poor", scale=5.0)
    found = tiny.evaluate(tmp_path, _config(), {**inputs, "model": poor}, force="the label was late")
    assert (found.verdict.blessed, found.verdict.forced) == (True, "the label was late")
    assert found.verdict.reason.startswith("MeanSquaredError=157.5 (<= 1)")
    assert found.blessing.get_string_custom_property("force_bless_reason") == "the label was late"
    assert [path.name for path in Path(found.blessing.uri).iterdir()] == ["BLESSED"]


def test_a_reason_that_was_not_needed_is_not_kept(inputs, tmp_path):
    found = tiny.evaluate(tmp_path, _config(), inputs, force="to be sure")
    assert (found.verdict.blessed, found.verdict.forced) == (True, None)
    assert not found.blessing.has_custom_property("force_bless_reason")


def test_the_plots_are_of_the_whole_split_and_of_the_model_that_is_judged(inputs, tmp_path):
    judged = {**inputs, "model": tiny.classifier(tmp_path / "model")}
    outputs = {
        "kind": OutputEvaluation(label="kind", metrics=("SparseCategoricalAccuracy",)),
        "share": OutputEvaluation(label="big", metrics=("AUC",)),
    }
    config = EvaluationConfig(outputs=outputs, slices=(("side",),))
    found = tiny.evaluate(tmp_path, config, {**judged, "baseline_model": judged["model"]})
    kind, share = found.plots.outputs
    counts = {(one.actual, one.predicted): one.examples for one in kind.confusions}
    assert counts == {(0, 0): 3, (1, 1): 2, (2, 2): 2, (0, 1): 1}
    assert [(one.lower, one.examples, one.label) for one in share.buckets] == [
        (pytest.approx(math.floor(100 * x / 8) / 100), 1, float(x >= 4)) for x in range(8)
    ]


def test_the_errors_of_a_number_are_counted(inputs, tmp_path):
    poor = tiny.export(tmp_path / "poor", scale=2.2)  # Errors of 0.2 x.
    found = tiny.evaluate(tmp_path, _config(), {**inputs, "model": poor})
    [plotted] = found.plots.outputs
    assert sum(bucket.examples for bucket in plotted.buckets) == 8
    assert [(bucket.prediction - bucket.label) for bucket in plotted.errors] == [
        pytest.approx(0.2 * x, abs=1e-5) for x in range(8)
    ]
