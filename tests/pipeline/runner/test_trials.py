"""A search for hyper-parameters, from its events to what a person sees."""

import io
import json
from types import SimpleNamespace

import pytest

from components import progress
from pipeline import tasks
from pipeline.runner.display import describe, node_table
from pipeline.runner.nodes import NodeResult
from pipeline.runner.reports import report
from pipeline.runner.state import fold
from pipeline.runner.summary import trials_table, trials_title
from pipeline.terminal import console

VALUES = {"optimizer.learning_rate": 0.00123456, "model.params.hidden_units": "[64, 32]"}
TRIAL = {
    "event": "trial",
    "node": "Tuner",
    "time": 120.0,
    "trial": 2,
    "trials": 8,
    "metric": "val_auc",
    "hyperparameters": VALUES,
}
RUNNING = {**TRIAL, "state": "running", "value": None, "best": 0.91}
ENDED = {**TRIAL, "state": "completed", "value": 0.9, "best": 0.91}
STARTED = [
    {"event": "run_started", "time": 110.0, "run_id": "run-1", "task": "taxi", "nodes": ["Tuner", "Trainer"]},
    {"event": "node_started", "time": 111.0, "node": "Tuner"},
]
EPOCH = {
    "event": "epoch",
    "node": "Tuner",
    "time": 115.0,
    "epoch": 3,
    "epochs": 4,
    "metrics": {"loss": 0.5, "val_auc": 0.84},
}


def drawn(renderable, width=120):
    screen = console(file=io.StringIO(), width=width, color_system=None)
    screen.print(renderable)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def row(*events):
    return drawn(node_table(fold([*STARTED, *events]), 121.0))[1]


def test_the_table_has_the_trial_the_best_so_far_and_the_epoch():
    assert row({**RUNNING, "trial": 1, "best": None}).endswith("trial 1/8")
    assert row(RUNNING).endswith("trial 2/8  best val_auc 0.9100")
    assert row(RUNNING, EPOCH).endswith("trial 2/8  best val_auc 0.9100  epoch 3/4  val_auc 0.8400  loss 0.5000")
    # The epoch of one trial says nothing about the next one.
    assert row(RUNNING, EPOCH, {**RUNNING, "trial": 3}).endswith("trial 3/8  best val_auc 0.9100")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (RUNNING, "trial 2/8: optimizer.learning_rate=0.001235, model.params.hidden_units=[64, 32]"),
        (ENDED, "trial 2/8  val_auc 0.9000  best 0.9100"),
        (
            {**TRIAL, "state": "failed", "value": None, "best": None, "message": "The loss must be finite."},
            "trial 2/8 failed: The loss must be finite.",
        ),
    ],
)
def test_a_trial_as_a_line(event, line):
    assert describe(event) == line


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What the worker tells of a Tuner's outputs, also of one whose outputs came from an earlier run."""
    events = tmp_path / "events.jsonl"
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(events))
    folder = tmp_path / "tuner_results"
    folder.mkdir()
    trials = [
        {"trial_id": "3", "score": 0.95, "batch_size": 8, "tuner/epochs": 2},
        {"trial_id": "0", "score": 0.9, "batch_size": 16, "tuner/epochs": 1},
    ]
    (folder / "tuner_results.json").write_text(json.dumps(trials))
    result = NodeResult(cached=True, outputs={"tuner_results": [SimpleNamespace(uri=str(folder))]})
    task = tasks.load("taxi")
    assert report("Tuner", result, task) == {}
    return fold([json.loads(line) for line in events.read_text().splitlines()])


def test_the_trials_are_read_from_the_artifact(told):
    assert told.trials == (
        {"trial": 4, "metric": "val_auc", "value": 0.95, "hyperparameters": {"batch_size": 8}},
        {"trial": 1, "metric": "val_auc", "value": 0.9, "hyperparameters": {"batch_size": 16}},
    )


def test_the_summary_has_the_best_trials_side_by_side(told):
    assert trials_title(told.trials) == "Hyper-parameters, best of 2 trials"
    assert [line.split() for line in drawn(trials_table(told.trials))] == [
        ["Key", "Trained", "with", "Number", "2"],
        ["val_auc", "0.9500", "0.9000"],
        ["batch_size", "8", "16"],
    ]
