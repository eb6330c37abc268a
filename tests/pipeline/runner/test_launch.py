import json
import sys
from pathlib import Path

import pytest

from components.errors import UsageError
from components.evaluator.config import EvaluationConfig
from components.trainer.config import ModelConfig, TrainingConfig
from pipeline import tasks
from pipeline.config import DataConfig, SchemaConfig, TaskConfig, TransformConfig
from pipeline.home import Home
from pipeline.runner.launch import Order, launch
from pipeline.runner.request import RunOptions, RunRequest
from pipeline.runner.up_to_date import LastRun

FAKE_WORKER = str(Path(__file__).with_name("fake_worker.py"))


@pytest.fixture(autouse=True)
def tiny(tmp_path, monkeypatch):
    """A task of which the worker runs nothing."""
    schema = tmp_path / "schema.pbtxt"
    schema.write_text('feature { name: "fare" type: FLOAT shape {} }')
    task = TaskConfig(
        name="tiny",
        summary="A task for tests.",
        data=DataConfig(),
        schema=SchemaConfig(str(schema)),
        transform=TransformConfig("a.b"),
        training=TrainingConfig(ModelConfig("a.b"), label="label", loss="mse"),
        evaluation=EvaluationConfig(label="label", metrics=("AUC",)),
    )
    monkeypatch.setattr(tasks, "load", lambda name: task)
    monkeypatch.chdir(tmp_path)
    return task


def run(scenario, **order):
    return launch(Order("tiny", **order), (sys.executable, FAKE_WORKER, scenario))


def the_run():
    [folder] = [path for path in Home.at().runs.iterdir() if path.is_dir()]
    return folder


def test_a_run_is_shown_from_its_start_to_its_commands(capsys):
    assert run("pushed") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "Trainer started" in out
    assert "Pushed version 17 in .slipway/serving/tiny/17" in out
    assert f"curl -d @.slipway/runs/{the_run().name}/request.json" in out
    assert json.loads((the_run() / "request.json").read_text()) == {"instances": [{"fare": 1.0}]}


def test_beam_options_come_on_top_of_the_configuration(tiny):
    run("pushed", beam_args=("Transform:--direct_num_workers=2", "--direct_num_workers=1"))
    told = RunRequest.read(the_run()).config["runner"]
    assert told["beam_args"] == [*tiny.runner.beam_args, "--direct_num_workers=1"]
    assert told["nodes"]["Transform"]["beam_args"] == ["--direct_num_workers=2"]


def test_the_worker_is_told_all(tiny):
    options = RunOptions(from_node="Trainer", no_cache=True)
    run("pushed", overrides=("training.epochs=2",), options=options)
    request = RunRequest.read(the_run())
    assert (request.task, request.overrides, request.options) == ("tiny", ("training.epochs=2",), options)
    assert request.run_id == the_run().name
    assert request.home == str(Path(".slipway").absolute())
    assert request.config["training"]["epochs"] == 2


def test_quiet_says_one_line(capsys):
    assert run("pushed", quiet=True) == 0
    assert capsys.readouterr() == ("Pushed version 17 in .slipway/serving/tiny/17\n", "")


@pytest.mark.parametrize(
    ("scenario", "code", "line"),
    [
        ("refused", 3, "error: The data must match the schema. Received: fare. Mend the data.\n"),
        ("not_blessed", 4, "error: A model is pushed when it meets its thresholds. Received: AUC=0.9400.\n"),
        ("usage", 2, "error: A node must be one of the pipeline's. Received: Trainr. Did you mean 'Trainer'?\n"),
    ],
)
@pytest.mark.parametrize("quiet", [False, True])
def test_an_error_is_one_line(capsys, scenario, code, line, quiet):
    assert run(scenario, quiet=quiet) == code
    out, err = capsys.readouterr()
    assert err == line
    assert not (quiet and out)
    assert "Serve it" not in out


def test_what_the_data_broke_is_shown(capsys):
    run("refused")
    assert "Out-of-range values" in capsys.readouterr().out


def test_a_traceback_only_when_asked_for(capsys):
    assert run("raises") == 1
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == 1
    assert "Traceback" not in out
    assert run("raises", debug=True) == 1
    err = capsys.readouterr().err.splitlines()
    assert err[0].startswith("Traceback")
    assert err[-2] == "RuntimeError: no kernel image"
    assert err[-1].startswith("error: ")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"overrides": ("training.epoch=2",)}, "Did you mean 'epochs'?"),
        ({"overrides": ("training.epochs=two",)}, "must be a valid integer"),
        ({"overrides": ("training.epochs=0",)}, "must be at least 1"),
        ({"overrides": ("training.accumulation=2",)}, "training.loop=custom"),
        ({"overrides": ("data.path=nowhere",)}, "nowhere"),
        ({"home": "file"}, "file"),
    ],
)
def test_bad_usage_starts_no_worker(tmp_path, order, words):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        launch(Order("tiny", **order), ("/no/such/worker",))
    assert words in str(caught.value)
    assert not Path(".slipway").exists()


def test_after_a_killed_run_it_is_tidied_up_although_nothing_has_changed(monkeypatch, capsys):
    assert run("pushed", quiet=True) == 0
    killed = the_run()
    (killed / "tmp").mkdir()
    monkeypatch.setattr("pipeline.runner.up_to_date.find", lambda *_: LastRun(killed.name, Path("serving/17")))
    (Home.at().runs / ".tiny.lock").write_text(f"{killed.name}\n")
    assert run("pushed", quiet=True) == 0
    assert not (killed / "tmp").exists()
    assert "Up to date" not in capsys.readouterr().out
    assert run("pushed", quiet=True) == 0
    assert "Up to date" in capsys.readouterr().out
