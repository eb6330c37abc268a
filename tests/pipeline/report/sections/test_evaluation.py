import json

import pytest

from components.evaluator import plots, verdict
from components.evaluator.plots import Bucket, Confusion, OutputPlots, Plots
from components.evaluator.verdict import Row, Verdict
from pipeline.report.output_plots import drawn as draw_output
from pipeline.report.sections.evaluation import section
from tests.pipeline.report.test_page import HOSTILE

ROWS = (
    Row("AUC", value=0.9, lower=0.95, baseline=0.92, change=-0.02, passed=False),
    Row("AUC", slice="hour=3", value=0.8, note="too few examples, 4 of 20"),
    Row("AUC", slice="hour=4", value=0.7),
)
CONFUSIONS = (Confusion(0, 0, 5), Confusion(1, 0, 3), Confusion(1, 1, 2))
# Ten rows: 0.1 to 1 by tenths; the label is 1 from 0.6 on, but for 0.8.
BUCKETS = tuple(Bucket(x / 10, x / 10 + 0.01, 1, float(x > 5 and x != 8), x / 10) for x in range(1, 11))


def _written(runs, decided=None, found=None, classes=(), **blessing):
    config = json.dumps({"training": {"label": "y"}, "classes": list(classes)})
    runs.made("Model", node="Trainer", custom_config=config)
    if blessing:
        runs.made("ModelBlessing", node="Evaluator", artifact=blessing)
    folder = runs.made("ModelEvaluation", node="Evaluation")
    if decided:
        verdict.write(decided, str(folder))
    if found:
        plots.write(found, folder)
    return section(runs.material())


def test_the_verdict_is_a_table_with_the_slices_below(runs, drawn):
    found = _written(runs, Verdict(False, "AUC=0.9 (>= 0.95)", rows=ROWS))
    text = drawn(found).text
    for told in ("not blessed", ">= 0.95", "0.92", "-0.02", "hour=3", "too few examples", "no confusion matrix"):
        assert told in text
    [chart] = found.facts.slices
    assert [(bar.label, bar.series, bar.value) for bar in chart.bars] == [
        ("(all)", "model", 0.9),
        ("(all)", "baseline", 0.92),
        ("hour=3", "model", 0.8),
        ("hour=4", "model", 0.7),
    ]


def test_a_forced_blessing_has_its_reason(runs, drawn):
    text = drawn(_written(runs, Verdict(True, "AUC", forced="They wait", uncompared="no column z", rows=ROWS))).text
    assert "Forced." in text
    assert "They wait" in text
    assert "no column z" in text


def test_classes_have_a_matrix_with_their_names(runs, drawn):
    found = _written(runs, found=Plots((OutputPlots("", "classes", CONFUSIONS),)), classes=["cat", "dog"])
    [output] = found.facts.outputs
    cells = {(cell.row, cell.column): cell.text for cell in output.matrix.cells}
    assert cells == {("cat", "cat"): "5", ("cat", "dog"): "0", ("dog", "cat"): "3", ("dog", "dog"): "2"}
    assert output.tables[0].rows == (("dog", "cat", "3"),)
    assert "Confusion matrix" in drawn(found).text


def test_a_matrix_of_many_classes_is_a_list():
    many = tuple(Confusion(number, number + 1, 1) for number in range(40))
    output = draw_output(OutputPlots("", "classes", many), ())
    assert output.matrix is None
    assert "41 classes" in output.note
    assert len(output.tables[0].rows) == 20


def test_a_probability_has_its_matrix_and_curves(drawn):
    output = draw_output(OutputPlots("", "probability", buckets=BUCKETS), ("no", "yes"))
    cells = {(cell.row, cell.column): cell.text for cell in output.matrix.cells}
    assert cells == {("yes", "yes"): "4", ("yes", "no"): "0", ("no", "yes"): "2", ("no", "no"): "4"}
    thresholds = {row[0]: row[1:] for row in output.tables[0].rows}
    assert thresholds["0.5"] == ("0.6667", "1", "0.3333", "6")
    assert thresholds["0.9"] == ("1", "0.5", "0", "2")
    roc, calibration = output.curves
    assert roc.points[0] == ("0", "0")
    assert roc.points[-1] == ("1", "1")
    assert calibration.points[-1] == ("0.95", "1")


def test_a_number_has_its_errors():
    errors = (Bucket(-1.0, -0.5, 2, 3, 2), Bucket(0.5, 1.0, 1, 3, 4))
    output = draw_output(OutputPlots("temperature", "number", buckets=BUCKETS[:1], errors=errors, left_out=3), ())
    assert [bar.value for bar in output.bars.bars] == [2, 0, 0, 1]
    assert output.tables[0].rows == (("0.1 to 0.11", "1", "0.1", "0", "0.1"),)
    assert output.note.startswith("3 examples")


def test_outputs_without_anything_say_so():
    assert "No example" in draw_output(OutputPlots("", "classes"), ()).note
    assert "Nothing was counted" in draw_output(OutputPlots("", "number"), ()).note


@pytest.mark.parametrize("kind", ["probability", "number"])
def test_what_another_program_has_written_does_not_break_the_page(kind):
    wrong = (Bucket(0, 1, 0, 0, 0), Bucket(float("nan"), 1, 1, 0, 0), Bucket(2, 2, 1, 0, float("inf")))
    assert draw_output(OutputPlots("", kind, buckets=wrong, errors=wrong), ()).note.startswith("Nothing was counted")


def test_stock_tfx_has_its_blessing_only(runs, drawn):
    text = drawn(_written(runs, blessed=1)).text
    assert "There is no verdict.json" in text
    assert "blessed yes" in text


def test_a_gone_evaluation_is_said_to_be(runs, drawn):
    runs.made("ModelEvaluation").rmdir()
    assert "is gone" in drawn(section(runs.material())).text


@pytest.mark.parametrize("content", ["", "[]", '{"outputs": 1}', '{"blessed": 1, "reason": "x"}'])
def test_other_files_are_as_good_as_none(runs, content):
    folder = runs.made("ModelEvaluation")
    for name in ("verdict.json", "plots.json"):
        (folder / name).write_text(content)
    assert len(section(runs.material()).facts.missing) == (1 if "reason" in content else 2)


def test_a_run_that_evaluated_nothing_has_no_such_section(runs):
    runs.made("Model")
    assert section(runs.material()) is None


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_names_are_no_markup(runs, drawn, text):
    rows = tuple(Row(text, slice=where, value=0.5, note=text) for where in ("", f"x={text}"))
    found = Plots((OutputPlots(text, "classes", CONFUSIONS), OutputPlots(text, "probability", buckets=BUCKETS)))
    parsed = drawn(_written(runs, Verdict(True, text, text, text, rows), found, classes=[text, text + "2"]))
    assert not {"script", "img"} & set(parsed.tags)
    assert not any(name.startswith("on") for name, _ in parsed.attributes)
    assert not any(sign in parsed.text for sign in "\u202e\x07\x1b")
