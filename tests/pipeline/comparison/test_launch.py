import io
import json
import sys
from pathlib import Path

import pytest

from components.errors import UsageError
from pipeline import tasks
from pipeline.comparison import launch as launching
from pipeline.comparison.display import Board
from pipeline.comparison.launch import ComparisonOrder, launch
from pipeline.comparison.request import ComparisonRequest
from pipeline.home import Home
from pipeline.lineage.transformed import Transformed
from pipeline.runner.state import RunState
from pipeline.runner.task_lock import only_run
from pipeline.terminal import console
from tests.pipeline.comparison.tiny import TINY

FAKE_WORKER = str(Path(__file__).with_name("fake_worker.py"))


@pytest.fixture(autouse=True)
def tiny(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "load", lambda name: TINY)
    monkeypatch.chdir(tmp_path)


def run(scenario="compared", kind="optimizers", **order):
    values = {"names": "sgd,adam=0.3", "seeds": 2, **order}
    return launch(ComparisonOrder(kind, "tiny", **values), (sys.executable, FAKE_WORKER, scenario))


def the_report():
    [folder] = Home.at().reports.iterdir()
    return folder


def test_a_comparison_is_shown_from_its_start_to_its_picture(capsys):
    assert run(overrides=("training.epochs=2",)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "training 4/4: adam 0.3, seed 6" in out
    assert "adam 0.3, seed 6  val_loss 0.2600" in out
    assert "1 epochs, seeds 5, 6" in out
    table = out.partition("Optimizer")[2].splitlines()
    assert [line.split()[0] for line in table[1:3]] == ["sgd", "adam"]
    assert f"Picture  .slipway/reports/{the_report().name}/optimizers.png" in out
    assert (the_report() / "optimizers.png").is_file()
    request = ComparisonRequest.read(the_report())
    assert [one.name for one in request.contenders] == ["sgd 0.1", "adam 0.3"]
    assert (request.seeds, request.transformed) == ((5, 6), None)
    assert request.config["training"]["epochs"] == 2


def test_variants_go_the_same_way(capsys):
    assert run(kind="variants", names="head,plain", epochs=2) == 0
    out, _ = capsys.readouterr()
    table = out.partition("Variant")[2].splitlines()
    assert [line.split()[0] for line in table[1:3]] == ["head", "plain"]
    assert f"Picture  .slipway/reports/{the_report().name}/variants.png" in out
    assert the_report().name.startswith("variants-")
    request = ComparisonRequest.read(the_report())
    head = request.contenders[0].training(TINY, 1, request.epochs)
    assert [(stage.epochs, stage.rules[0].learning_rate) for stage in head.recipe] == [(2, 0.1)]


def test_json_is_all_that_is_printed(capsys):
    assert run(as_json=True) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert [one["contender"] for one in found["standings"]] == ["sgd 0.1", "adam 0.3"]
    assert found["contenders"][1]["changes"]["training.optimizer"]["learning_rate"] == 0.3
    assert found["standings"][0]["metric"]["low"] == pytest.approx(0.15)
    assert (found["kind"], found["epochs"]) == ("optimizers", 1)
    assert found["folder"] == str(the_report())


def test_a_failure_is_one_line_and_its_code(capsys):
    assert run("fails") == 1
    assert capsys.readouterr().err == "error: One training at least must come to its end.\n"


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"names": "admaw"}, "Did you mean 'adamw'?"),
        ({"overrides": ("training.epoch=2",)}, "Did you mean 'epochs'?"),
        ({"kind": "variants", "names": "haf"}, "Did you mean 'half'?"),
        ({"kind": "variants", "names": None, "overrides": ("training.model.params={}",)}, "must name a value"),
    ],
)
def test_bad_usage_starts_no_worker(order, words):
    with pytest.raises(UsageError) as caught:
        run(**order)
    assert words in str(caught.value)
    assert not Path(".slipway").exists()


@pytest.fixture
def earlier(monkeypatch):
    """Makes the home hold a run that has transformed."""
    found = Transformed("run-1", "/graph", "/examples")
    Home.open().metadata_db.touch()
    monkeypatch.setattr(launching.transformed, "latest", lambda store, pipeline: found)
    return found


def test_the_examples_of_the_latest_run_are_taken_beside_another_run(earlier):
    with only_run(Home.at(), "tiny", "run-2"):
        assert run(overrides=("training.epochs=2",)) == 0
    assert ComparisonRequest.read(the_report()).transformed == earlier


def test_other_data_are_transformed_first_for_which_the_task_must_not_run(earlier):
    assert run(overrides=("data.path=.",)) == 0
    assert ComparisonRequest.read(the_report()).transformed is None
    with only_run(Home.at(), "tiny", "run-2"), pytest.raises(UsageError, match="runs once at a time"):
        run(overrides=("data.path=.",))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_board_shows_where_it_is():
    screen = console(file=Terminal(), width=100, color_system=None, force_terminal=True)
    about = {"name": "sgd 0.1", "training": 1, "trainings": 4}
    events = [
        {"event": "training_started", **about, "seed": 5},
        {"event": "training_finished", **about, "seed": 5, "value": 0.8},
        {"event": "training_started", **about, "seed": 6},
        {"event": "epoch", "epoch": 2, "epochs": 3, "metrics": {"loss": 0.5, "val_auc": 0.75}},
    ]
    with Board(screen, "Optimizer", ("sgd 0.1", "adam 0.3"), 2) as board:
        board.show(RunState(), events, stopping=False)
    lines = screen.file.getvalue().splitlines()
    rows = [" ".join(line.split()) for line in lines if "sgd" in line or "adam" in line]
    assert rows[:2] == ["sgd 0.1 1/2 0.8000 seed 6 epoch 2/3 val_auc 0.7500 loss 0.5000", "adam 0.3 0/2 -"]
