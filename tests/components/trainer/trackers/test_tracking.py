import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from components import progress
from components.errors import UsageError
from components.trainer import history
from components.trainer.config import ModelConfig, OptimizerConfig, TrainingConfig
from components.trainer.tracker_config import MlflowConfig
from components.trainer.trackers import tracking
from components.trainer.trackers.execution import Execution, TrackedRun, running

ROOT = Path(__file__).resolve().parents[4]


class Notes:
    """A tracker that keeps what it is told, and fails where it is told to."""

    def __init__(self, name, info=None, fails=()):
        self.run, self.info, self.told, self._fails = TrackedRun(name, f"{name}-1", "somewhere"), info, [], fails

    def _tell(self, *what):
        if what[0] in self._fails:
            raise ConnectionError("the server\nis gone")
        self.told.append(what)

    def log_metrics(self, epoch, metrics):
        self._tell("metrics", epoch, metrics)

    def log_picture(self, path):
        self._tell("picture", path.name)

    def finish(self, failed):
        self._tell("finish", failed)


@pytest.fixture
def tracked(tmp_path):
    def make(*trackers) -> tracking.Tracking:
        made = tracking.Tracking(tmp_path)
        for tracker in trackers:
            made.add(tracker)
        made.set_model(SimpleNamespace(history=SimpleNamespace(history={"loss": [0.5], "val_loss": [0.75]})))
        return made

    return make


def test_each_epoch_is_kept_as_the_history_has_it(tracked, tmp_path):
    notes = Notes("mlflow")
    with tracked(notes) as callback:
        callback.on_epoch_end(0)
        callback.model.history.history = {"loss": [0.5, 0.25], "val_loss": [0.75, 0.5]}
        callback.on_epoch_end(1)
        callback.on_train_end()
        (tmp_path / history.PLOT_FILE).touch()
    assert notes.told == [
        ("metrics", 1, {"loss": 0.5, "val_loss": 0.75}),
        ("metrics", 2, {"loss": 0.25, "val_loss": 0.5}),
        ("picture", "history.png"),
        ("finish", False),
    ]


def test_a_training_that_goes_on_has_the_epochs_before_too(tracked):
    notes = Notes("mlflow")
    with tracked(notes) as callback:
        callback.model.history.history = {"loss": [0.5, 0.25, 0.125]}
        callback.on_epoch_end(2)
    assert [epoch for _, epoch, _ in notes.told[:-1]] == [1, 2, 3]


def test_one_that_had_ended_is_kept_without_a_further_epoch(tracked):
    notes = Notes("mlflow")
    with tracked(notes) as callback:
        callback.on_train_end()
    assert [what for what, *_ in notes.told] == ["metrics", "finish"]


def test_an_error_ends_the_runs_as_failed(tracked):
    notes = Notes("mlflow")
    with pytest.raises(RuntimeError), tracked(notes):
        raise RuntimeError
    assert notes.told == [("finish", True)]


def test_a_tracker_that_fails_is_left_alone_after_one_warning(tracked, caplog):
    broken, good = Notes("mlflow", fails=("metrics",)), Notes("wandb")
    with tracked(broken, good) as callback:
        callback.on_epoch_end(0)
        callback.model.history.history["loss"].append(0.25)
        callback.model.history.history["val_loss"].append(0.25)
        callback.on_epoch_end(1)
    assert broken.told == []
    assert [what for what, *_ in good.told] == ["metrics", "metrics", "finish"]
    assert [record.getMessage() for record in caplog.records] == [
        "mlflow has failed and is left alone: ConnectionError: the server"
    ]


CONFIG = TrainingConfig(
    ModelConfig("a.build_model", {"units": [8, 4]}),
    label="tipped",
    loss="huber",
    optimizer=OptimizerConfig("sgd", 0.1),
    trackers=("mlflow", "wandb"),
    mlflow=MlflowConfig("sqlite:///here.db"),
)


@pytest.fixture
def starters(monkeypatch):
    """Replaces the trackers by notes."""
    made = {}

    def starter(name):
        def start(config, info):
            made[name] = Notes(name, info)
            return made[name]

        return start

    monkeypatch.setenv("WANDB_DIR", "here")
    monkeypatch.setattr(tracking, "_STARTERS", {name: starter(name) for name in CONFIG.trackers})
    return made


def test_no_tracker_reports_to_its_makers(starters, tmp_path, monkeypatch):
    for name in ("MLFLOW_DISABLE_TELEMETRY", "WANDB_ERROR_REPORTING"):
        monkeypatch.delenv(name, raising=False)
    tracking.start(CONFIG, tmp_path)
    assert (os.environ["MLFLOW_DISABLE_TELEMETRY"], os.environ["WANDB_ERROR_REPORTING"]) == ("true", "false")


def test_runs_are_started_with_the_parameters_and_linked_with_the_execution(starters, tmp_path, monkeypatch):
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(tmp_path / "events"))
    with running(Execution("taxi", "taxi-1", 7)) as execution, tracking.start(CONFIG, tmp_path):
        pass
    info = starters["mlflow"].info
    assert (info.name, info.group, info.tags) == ("taxi-1/7", "taxi", execution.tags)
    expected = {"model.params.units.0": 8, "optimizer.learning_rate": 0.1, "callbacks.monitor": "val_loss", "seed": 1}
    assert expected.items() <= info.parameters.items()
    assert not [name for name in info.parameters if name.startswith(("mlflow", "wandb", "trackers"))]
    assert execution.properties == {
        "mlflow_run_id": "mlflow-1",
        "mlflow_location": "somewhere",
        "wandb_run_id": "wandb-1",
        "wandb_location": "somewhere",
    }
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert [(event["event"], event["tracker"], event["run_id"]) for event in events] == [
        ("tracked", "mlflow", "mlflow-1"),
        ("tracked", "wandb", "wandb-1"),
    ]


def test_a_run_that_cannot_be_started_is_refused_and_the_others_end(starters, tmp_path, monkeypatch):
    def refuse(config, info):
        raise OSError("no such store\nat all")

    monkeypatch.setitem(tracking._STARTERS, "wandb", refuse)
    with pytest.raises(UsageError, match=r"Received: wandb: OSError: no such store. Correct training.wandb"):
        tracking.start(CONFIG, tmp_path)
    assert starters["mlflow"].told == [("finish", True)]


@pytest.mark.slow
def test_no_tracker_is_imported_unless_it_is_asked_for():
    code = "import sys, components.trainer.run_fn; print(*{'mlflow', 'wandb', 'sqlalchemy'} & {*sys.modules})"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
