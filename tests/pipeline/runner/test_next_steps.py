import os
import shlex
import sys
from pathlib import Path

import pytest

from pipeline.home import Home
from pipeline.runner import next_steps
from pipeline.runner.next_steps import NextSteps, shown


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """An environment with programs in it, that is not activated."""
    folder = tmp_path / "venv" / "bin"
    folder.mkdir(parents=True)
    for name in ("python", "slipway", "tensorboard"):
        (folder / name).touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLIPWAY_HOME", raising=False)
    return folder


def steps(home=None):
    return NextSteps(Home.open(home), "taxi", "run-1")


def test_programs_of_an_environment_that_is_not_activated_have_their_path(programs):
    assert steps().look() == [
        "venv/bin/slipway show run-1",
        "venv/bin/slipway report run-1",
        "venv/bin/slipway runs taxi",
    ]


def test_programs_of_an_activated_environment_are_named(programs, monkeypatch):
    monkeypatch.setenv("PATH", str(programs))
    assert steps().look() == ["slipway show run-1", "slipway report run-1", "slipway runs taxi"]


def test_without_the_program_the_module_is_named(programs):
    (programs / "slipway").unlink()
    assert steps().look()[0] == "venv/bin/python -m pipeline.cli show run-1"


def test_tensorboard_is_named_once_there_is_something_to_see(programs):
    (Home.open().pipelines("taxi") / "Trainer" / "model_run").mkdir(parents=True)
    assert steps().look()[-1] == "venv/bin/tensorboard --logdir .slipway/pipelines/taxi/Trainer/model_run"


def test_another_home_is_named(programs, tmp_path):
    assert steps("my home").look()[0] == "venv/bin/slipway show run-1 --home 'my home'"


def test_a_home_from_the_environment_is_not_named(programs, monkeypatch, tmp_path):
    monkeypatch.setenv("SLIPWAY_HOME", str(tmp_path / "other"))
    assert steps().look()[0] == "venv/bin/slipway show run-1"


def test_serving_commands_survive_a_shell(programs, tmp_path):
    home = Home.open("my home")
    commands = NextSteps(home, "taxi", "run-1").serve(home.serving("taxi") / "17", home.run("run-1") / "request.json")
    docker, curl = map(shlex.split, commands)
    assert (
        docker[docker.index("--mount") + 1] == f"type=bind,source={home.serving('taxi')},target=/models/taxi,readonly"
    )
    assert docker[-3:] == ["-e", "MODEL_NAME=taxi", "tensorflow/serving"]
    assert curl[1:3] == ["-d", "@my home/runs/run-1/request.json"]


def test_the_native_server_is_named_where_there_is_one(programs, monkeypatch):
    (programs / "tensorflow_model_server").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(programs))
    home = Home.open()
    _, native, _ = NextSteps(home, "taxi", "run-1").serve(home.serving("taxi") / "17", Path("request.json"))
    assert native == (
        f"tensorflow_model_server --model_name=taxi --model_base_path={home.serving('taxi')} --rest_api_port=8501"
    )


def test_paths_are_shown_the_short_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / "b") == os.path.join("a", "b")  # noqa: PTH118
    assert shown(tmp_path.parent / "c") == str(tmp_path.parent / "c")
    assert shown(Path("a")) == "a"
    assert next_steps.PORT == 8501
