import io

import pytest

from pipeline.runner.display import (
    STOPPING,
    Lines,
    LiveTable,
    Silence,
    WholeParts,
    describe,
    display_for,
    node_table,
    number_text,
)
from pipeline.runner.state import RunState, fold
from pipeline.terminal import console

NODES = ["ImportExampleGen", "Trainer", "LatestBlessedResolver"]
METRICS = {"auc": 0.83, "loss": 0.5, "val_auc": 0.84, "val_loss": 0.41}
EVENTS = [
    {"event": "launched", "time": 100.0, "run_id": "run-1", "task": "taxi"},
    {"event": "run_started", "time": 110.0, "run_id": "run-1", "task": "taxi", "nodes": NODES},
    {"event": "node_started", "time": 111.0, "node": "ImportExampleGen"},
    {"event": "node_finished", "time": 113.0, "node": "ImportExampleGen", "state": "cached", "seconds": 2.0},
    {"event": "node_started", "time": 113.0, "node": "Trainer"},
    {"event": "epoch", "node": "Trainer", "time": 115.0, "epoch": 3, "epochs": 4, "metrics": METRICS},
]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def screen_of(width=80, file=None):
    return console(file=file or io.StringIO(), width=width, color_system=None, force_terminal=file is not None)


def drawn(renderable, width=80):
    screen = screen_of(width)
    screen.print(renderable)
    return screen.file.getvalue()


def table(width, events=EVENTS, now=120.0):
    return [line.rstrip() for line in drawn(node_table(fold(events), now), width).splitlines()]


def test_the_table_at_80_columns():
    assert table(80) == [
        "Node                   State        Seconds",
        "ImportExampleGen       cached           2.0",
        "Trainer                running          7.0  epoch 3/4  val_auc 0.8400",
        "LatestBlessedResolver  waiting",
    ]


def test_the_table_at_120_columns_has_all_metrics_validation_first():
    assert table(120)[2].endswith("epoch 3/4  val_auc 0.8400  val_loss 0.4100  auc 0.8300  loss 0.5000")


POSITION = {"epoch": 4, "epochs": 4, "step": 120, "steps": 250}
STEP = {"event": "step", "node": "Trainer", "time": 116.0, **POSITION, "metrics": {"loss": 0.5}}


def test_an_epoch_and_a_step_say_which_stage_of_a_recipe_they_belong_to():
    for event in (EVENTS[-1], STEP):
        line = table(120, [*EVENTS, {**event, "stage": 2, "stages": 3}])[2]
        assert "stage 2/3  epoch " in line


@pytest.mark.parametrize(("width", "details"), [(120, "epoch 4/4  step 120/250  loss 0.5000"), (66, "epoch 4/4")])
def test_a_running_epoch_has_its_step(width, details):
    assert table(width, [*EVENTS, STEP])[2].endswith(f"  7.0  {details}")


def test_steps_make_no_lines():
    assert describe(STEP) is None


@pytest.mark.parametrize("width", [40, 50, 60, 80, 120])
def test_a_row_is_a_line_at_any_width(width):
    lines = table(width)
    assert len(lines) == 1 + len(NODES)
    assert max(map(len, lines)) <= width


def test_the_table_of_a_run_that_failed_says_why():
    message = "Node Trainer failed. Received: ValueError: x."
    failed = {"event": "node_finished", "time": 117.0, "node": "ImportExampleGen", "state": "failed", "seconds": 1.0}
    lines = table(120, [*EVENTS[:3], {**failed, "message": message}])
    assert lines[1].endswith(message)


@pytest.mark.parametrize(
    ("width", "expected"),
    [(5, "epoc…"), (9, "epoch 1/2"), (14, "epoch 1/2"), (18, "epoch 1/2  auc 0.5"), (80, "epoch 1/2  auc 0.5  x")],
)
def test_no_part_is_cut_in_two(width, expected):
    assert drawn(WholeParts(["epoch 1/2", "auc 0.5", "x"]), width).strip() == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5000"),
        (0, "0.0000"),
        (15002, "15002"),
        (0.00012, "1.20e-04"),
        (None, "-"),
        (float("nan"), "nan"),
        (-2.5, "-2.5000"),
    ],
)
def test_numbers(value, text):
    assert number_text(value) == text


def test_lines_have_the_seconds_since_the_launch():
    screen = screen_of()
    with Lines(screen) as display:
        display.show(fold(EVENTS), EVENTS, stopping=False)
    assert screen.file.getvalue().splitlines() == [
        "     0.0 s  run-1 starts: TensorFlow and TFX are imported first",
        "    10.0 s  3 nodes: ImportExampleGen Trainer LatestBlessedResolver",
        "    11.0 s  ImportExampleGen started",
        "    13.0 s  ImportExampleGen cached in 2.0 s",
        "    13.0 s  Trainer started",
        "    15.0 s  epoch 3/4  auc 0.8300  loss 0.5000  val_auc 0.8400  val_loss 0.4100",
    ]


def test_lines_say_once_that_the_run_stops():
    screen = screen_of()
    display = Lines(screen)
    for _ in range(3):
        display.show(RunState(), [], stopping=True)
    assert screen.file.getvalue().count(STOPPING) == 1


def test_what_is_in_brackets_is_no_markup():
    screen = screen_of()
    event = {
        "event": "node_finished",
        "time": 1.0,
        "node": "A",
        "state": "failed",
        "seconds": 1.0,
        "message": "[red]x[/]",
    }
    Lines(screen).show(RunState(), [event], stopping=False)
    assert "[red]x[/]" in screen.file.getvalue()
    assert "[red]x[/]" in drawn(node_table(fold([event]), 2.0))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        ({"event": "evaluation", "blessed": False, "rows": []}, "evaluation: not blessed"),
        ({"event": "serving_check", "passed": False, "rows": []}, "serving check: failed"),
        ({"event": "warned", "rows": [1]}, "DataGate: 1 warning"),
        ({"event": "notice", "message": "Digits."}, "Digits."),
        ({"event": "refused", "rows": [1, 2]}, "DataGate: the data are refused, 2 findings"),
        ({"event": "pushed", "version": "17", "path": "/s/17"}, "pushed version 17"),
        ({"event": "run_finished", "outcome": "not_blessed"}, "run finished: not blessed"),
        ({"event": "something_new"}, None),
    ],
)
def test_events_as_lines(event, line):
    assert describe(event) == line


def test_the_live_table_stays_when_it_ends():
    screen = screen_of(file=Terminal())
    with LiveTable(screen) as display:
        display.show(fold(EVENTS[:1]), [], stopping=False)
        display.show(fold(EVENTS), [], stopping=True)
        display.show(
            fold([*EVENTS, {"event": "run_finished", "time": 120.0, "outcome": "pushed", "exit_code": 0}]), [], True
        )
    last = screen.file.getvalue().split("\x1b[2K")[-1 - len(NODES) - 2 :]
    text = "".join(last)
    assert "taxi  run-1  20.0 s" in text
    assert "not run" in text
    assert STOPPING not in text


def test_before_the_first_node_the_wait_is_explained():
    screen = screen_of(file=Terminal())
    with LiveTable(screen) as display:
        display.show(fold(EVENTS[:1]), [], stopping=False)
    assert "imports TensorFlow" in screen.file.getvalue()


def test_the_display_fits_the_place(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    assert isinstance(display_for(console(file=Terminal()), quiet=False), LiveTable)
    assert isinstance(display_for(console(file=Terminal()), quiet=True), Silence)
    assert isinstance(display_for(console(file=io.StringIO(), force_terminal=True), quiet=False), Lines)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(display_for(console(file=Terminal()), quiet=False), Lines)
