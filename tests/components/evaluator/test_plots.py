import json
from dataclasses import replace

import pytest

from components.errors import UsageError
from components.evaluator import plots
from components.evaluator.plots import Bucket, Confusion, OutputPlots, Plots

PLOTS = Plots(
    (
        OutputPlots("kind", "classes", confusions=(Confusion(0, 1, 3.0),)),
        OutputPlots("temperature", "number", buckets=(Bucket(0, 1, 2, 0.5, 0.25),), errors=(), left_out=1),
    )
)


@pytest.mark.parametrize(
    ("metrics", "kind"),
    [
        (("AUC", "BinaryAccuracy", "MeanSquaredError"), "probability"),
        (("Calibration", "AUC"), "probability"),
        (("Calibration", "MeanSquaredError"), "number"),
        (("SparseCategoricalAccuracy", "AUC"), "classes"),
        (("CategoricalCrossentropy",), "classes"),
        (("MeanAbsoluteError", "ExampleCount"), "number"),
        (("SquaredPearsonCorrelation",), "number"),
        (("ExampleCount", "WeightedExampleCount"), None),
    ],
)
def test_the_metrics_tell_what_an_output_is(metrics, kind):
    assert plots.kind_of(metrics) == kind


def test_what_is_written_is_read(tmp_path):
    plots.write(PLOTS, tmp_path)
    assert plots.read(tmp_path) == PLOTS
    assert [path.name for path in tmp_path.iterdir()] == ["plots.json"]


def test_numbers_that_json_does_not_have_are_not_written(tmp_path):
    wrong = replace(PLOTS.outputs[1], left_out=float("nan"))
    with pytest.raises(ValueError, match="JSON"):
        plots.write(Plots((wrong,)), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("content", "error"), [("{", ValueError), (json.dumps({"outputs": 1}), UsageError)])
def test_another_file_is_an_error(tmp_path, content, error):
    (tmp_path / plots.FILE).write_text(content)
    with pytest.raises(error):
        plots.read(tmp_path)
