import io
from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.runner.next_steps import NextSteps
from pipeline.runner.state import fold
from pipeline.runner.summary import print_summary, result_line, slice_table
from pipeline.terminal import console

ROW = {
    "metric": "AUC",
    "slice": "",
    "value": 0.9412,
    "lower": 0.9,
    "upper": None,
    "baseline": 0.9377,
    "change": 0.0035,
    "min_change": -0.01,
    "passed": True,
}
UNJUDGED = {
    **ROW,
    "metric": "Loss",
    "value": 0.2,
    "lower": None,
    "min_change": None,
    "baseline": None,
    "change": None,
    "passed": None,
}
SLICED = {**UNJUDGED, "slice": "hour=3", "value": 0.77}
FAILED = {**ROW, "lower": None, "upper": 0.5, "min_change": None, "passed": False}
STARTED = [
    {"event": "launched", "time": 100.0, "run_id": "run-1", "task": "taxi"},
    {"event": "run_started", "time": 110.0, "run_id": "run-1", "task": "taxi", "nodes": ["Gen", "Pusher"]},
    {"event": "node_started", "time": 112.0, "node": "Gen"},
    {"event": "node_finished", "time": 114.0, "node": "Gen", "state": "cached", "seconds": 2.0},
]
FINDING = {
    "split": "train",
    "feature": "fare",
    "rule": "Out-of-range values",
    "seen": "-3.5",
    "allowed": ">= 0",
    "examples": [{"record": 17, "file": "data.gz", "text": "fare=-3.5  kind=cash"}],
}


def finished(*events, outcome="pushed", exit_code=0):
    end = {"event": "run_finished", "time": 120.0, "outcome": outcome, "exit_code": exit_code}
    return fold([*STARTED, *events, end])


def pushed(home):
    return {"event": "pushed", "version": "17", "path": str(home.serving("taxi") / "17")}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Home.open()


@pytest.fixture
def shown(home):
    def show(state, width=80, **options):
        screen = console(file=io.StringIO(), width=width, color_system=None)
        folder = home.run("run-1")
        request = folder / "request.json" if state.pushed_to else None
        print_summary(screen, state, folder / "log.txt", NextSteps(home, "taxi", "run-1"), request, **options)
        return screen.file.getvalue()

    return show


def section(text, title):
    lines = text.split(f"\n{title}\n")[1].split("\n\n")[0].splitlines()
    return [line.rstrip() for line in lines]


def test_nodes(shown):
    assert section(shown(finished()), "Nodes") == [
        "Node    State        Seconds",
        "Gen     cached           2.0",
        "Pusher  not run",
    ]
    assert "Nodes" not in shown(finished(), nodes=False)


def test_evaluation(shown):
    state = finished({"event": "evaluation", "rows": [ROW, FAILED, UNJUDGED, SLICED], "blessed": True})
    assert section(shown(state), "Evaluation")[:5] == [
        "Metric   Value  Baseline   Change  Threshold        Passed",
        "AUC     0.9412    0.9377  +0.0035  >= 0.9           yes",
        "                                   change >= -0.01",
        "AUC     0.9412    0.9377  +0.0035  <= 0.5           no",
        "Loss    0.2000         -        -  -                -",
    ]


def test_a_slice_that_missed_its_threshold_is_shown_and_so_is_why_a_value_was_not_judged(shown):
    missed = {**SLICED, "lower": 0.8, "passed": False}
    nan = {**ROW, "value": None, "min_change": None, "baseline": None, "change": None, "passed": False, "note": "NaN"}
    unjudged = {**UNJUDGED, "min_change": 0.5, "higher_is_better": False, "note": "no baseline"}
    text = shown(finished({"event": "evaluation", "rows": [nan, unjudged, missed], "blessed": False}), width=120)
    assert [line.split() for line in section(text, "Evaluation")[1:4]] == [
        ["AUC", "-", "-", "-", ">=", "0.9", "no,", "NaN"],
        ["Loss", "0.2000", "-", "-", "change", "<=", "-0.5", "no", "baseline"],
        ["Loss", "where", "hour=3", "0.7700", "-", "-", ">=", "0.8", "no"],
    ]


def test_a_forced_blessing_and_a_baseline_that_was_left_out_are_told(shown):
    event = {"event": "evaluation", "rows": [FAILED], "blessed": True, "forced": "late labels", "uncompared": "no z"}
    text = shown(finished(event))
    assert "Blessed by force: late labels" in text
    assert "Not compared: no z" in text
    assert "Forced   late labels" in section(text, "Result")


def test_values_by_slice_are_counted_and_the_command_named(shown):
    [line] = [
        line
        for line in shown(
            finished({"event": "evaluation", "rows": [ROW, SLICED, SLICED], "blessed": True})
        ).splitlines()
        if "slice" in line
    ]
    assert line.startswith("2 values by slice: ")
    assert line.endswith("slipway show run-1")


def test_values_that_are_no_numbers(shown):
    row = {**ROW, "value": float("nan"), "baseline": float("nan"), "change": float("nan")}
    text = shown(finished({"event": "evaluation", "rows": [row], "blessed": True}))
    assert section(text, "Evaluation")[1].split() == ["AUC", "nan", "nan", "-", ">=", "0.9", "yes"]


def test_the_data_that_were_refused(shown):
    state = finished({"event": "refused", "rows": [FINDING]}, outcome="refused", exit_code=3)
    assert section(shown(state), "Refused by DataGate") == [
        "Feature  Split  Rule                 Seen  Allowed",
        "fare     train  Out-of-range values  -3.5  >= 0",
    ]
    assert section(shown(state), "Examples of it") == [
        "Feature  Split  Record  Example",
        "fare     train  17      fare=-3.5  kind=cash",
    ]


def test_warnings_do_not_pass_for_refusals(shown):
    text = shown(finished({"event": "warned", "rows": [FINDING]}))
    assert "Warnings of DataGate" in text
    assert "Refused" not in text


def test_where_the_model_went(shown, home):
    text = shown(finished(pushed(home)))
    assert section(text, "Result") == [
        "Outcome  Pushed version 17 in .slipway/serving/taxi/17",
        "Time     20.0 s, 12.0 s of it before the first node",
        "Log      .slipway/runs/run-1/log.txt",
    ]


def test_commands_are_not_wrapped(shown, home):
    serve = section(shown(finished(pushed(home)), width=40), "Serve it")
    assert serve[0].startswith("  docker run --rm -p 8501:8501 --mount type=bind,source=/")
    assert serve[0].endswith(
        "/.slipway/serving/taxi,target=/models/taxi,readonly -e MODEL_NAME=taxi tensorflow/serving"
    )
    assert serve[-1] == "  curl -d @.slipway/runs/run-1/request.json http://localhost:8501/v1/models/taxi:predict"


def test_nothing_to_serve_and_nothing_to_look_at(shown):
    state = fold([STARTED[0], {"event": "run_finished", "time": 101.0, "outcome": "failed", "exit_code": 1}])
    text = shown(state)
    assert "Serve it" not in text
    assert "Look at it" not in text
    assert "Log      .slipway/runs/run-1/log.txt" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_fit_the_width(shown, width):
    rows = [{**ROW, "metric": "AVeryLongNameOfAMetricThatSomebodyWrote"}]
    findings = [{**FINDING, "seen": "word " * 60, "feature": "a_feature_with_a_long_name"}]
    state = finished({"event": "evaluation", "rows": rows, "blessed": True}, {"event": "warned", "rows": findings})
    tables = shown(state, width=width).split("Result")[0]
    assert max(map(len, tables.splitlines())) <= width


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        ("pushed", "Pushed version 17 in /elsewhere/17"),
        ("up_to_date", "Up to date: version 17 in /elsewhere/17"),
        ("refused", "The data were refused; nothing was pushed"),
        ("not_blessed", "The model was not blessed; nothing was pushed"),
        ("interrupted", "Interrupted; nothing was pushed"),
        ("failed", "Failed; nothing was pushed"),
        ("usage", "Failed; nothing was pushed"),
    ],
)
def test_result_lines(outcome, line):
    event = {"event": "pushed", "version": "17", "path": str(Path("/elsewhere/17"))}
    assert result_line(finished(event, outcome=outcome)) == line


def test_a_partial_run_pushes_nothing():
    assert result_line(finished(outcome="up_to_date")) == "Finished before the Pusher; nothing was pushed"


def test_slices_are_rows_and_metrics_are_columns():
    screen = console(file=io.StringIO(), width=80, color_system=None)
    rows = [ROW, SLICED, {**SLICED, "metric": "AUC", "value": 0.9}, {**SLICED, "slice": "hour=4", "value": 0.5}]
    screen.print(slice_table(rows))
    assert [line.split() for line in screen.file.getvalue().splitlines()] == [
        ["Slice", "Loss", "AUC"],
        ["hour=3", "0.7700", "0.9000"],
        ["hour=4", "0.5000", "-"],
    ]


def test_what_is_in_brackets_is_no_markup(shown):
    finding = {**FINDING, "feature": "[bold]fare[/]", "seen": "Not [red, blue] :cat:"}
    text = shown(finished({"event": "refused", "rows": [finding]}), width=120)
    assert "[bold]fare[/]  train  Out-of-range values  Not [red, blue] :cat:  >= 0" in text


def test_a_notice_stands_with_the_result(shown):
    text = shown(finished({"event": "notice", "message": "These are digits."}))
    assert "Notice" in section(text, "Result")[1]
    assert "These are digits." in text
