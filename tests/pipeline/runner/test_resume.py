"""--resume: the latest run's configuration and options, with what is typed now on top."""

import dataclasses

import pytest

from components.errors import UsageError
from components.settings import to_dict
from pipeline import tasks
from pipeline.config import override
from pipeline.home import Home, new_run_id
from pipeline.runner.launch import Order
from pipeline.runner.request import RunOptions, RunRequest
from pipeline.runner.resume import latest, resumed


@pytest.fixture
def home(tmp_path):
    return Home.open(tmp_path)


def asked(home, task="taxi", overrides=(), options=RunOptions()):  # noqa: B008 (it is frozen)
    run_id = new_run_id(task)
    config = to_dict(override(tasks.load(task), overrides))
    RunRequest(run_id, task, str(home.root), config, overrides, options).write(home.run(run_id))
    return run_id


def order(home, **more):
    return Order("taxi", str(home.root), **more)


def test_the_latest_run_of_the_task_goes_on(home):
    asked(home, overrides=("training.seed=1",))
    asked(home, overrides=("training.seed=2",), options=RunOptions(to_node="Trainer", jobs=1))
    asked(home, task="weather")
    now, config = resumed(order(home))
    assert config.training.seed == 2
    assert now.overrides == ("training.seed=2",)
    assert now.options == RunOptions(to_node="Trainer", jobs=1)


def test_what_is_typed_now_comes_on_top(home):
    asked(home, overrides=("training.seed=2",), options=RunOptions(jobs=1))
    now, config = resumed(order(home, overrides=("training.epochs=9",), options=RunOptions(jobs=2)))
    assert (config.training.seed, config.training.epochs) == (2, 9)
    assert now.options.jobs == 2


def test_what_ended_well_is_taken_also_from_a_run_without_a_cache(home):
    asked(home, options=RunOptions(no_cache=True))
    assert not resumed(order(home))[0].options.no_cache


def test_a_dry_run_is_no_run(home):
    run_id = asked(home)
    request = RunRequest.read(home.run(run_id))
    dataclasses.replace(request, run_id="dry").write(home.runs / ".dry-run")
    assert latest(home, "taxi") == home.run(run_id)


def test_without_a_run_there_is_nothing_to_go_on_with(home):
    asked(home, task="weather")
    with pytest.raises(UsageError, match="no run of taxi"):
        resumed(order(home))
