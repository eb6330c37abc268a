import os

import pytest

from components.errors import ComponentFailed, DataRefused
from pipeline.home import Home
from pipeline.runner import worker
from pipeline.runner.parallel import Ended

VARIABLES = ("MLFLOW_TRACKING_URI", "WANDB_DIR", "WANDB_CACHE_DIR")


@pytest.fixture
def environment(monkeypatch):
    for name in VARIABLES:
        # Set first, so that what the worker sets is undone.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def test_trackers_keep_their_runs_in_the_home(environment, tmp_path):
    worker._keep_trackers_at_home(Home.open(tmp_path))
    assert os.environ["MLFLOW_TRACKING_URI"] == f"sqlite:///{tmp_path}/mlflow.db"
    assert os.environ["WANDB_DIR"] == str(tmp_path)
    assert os.environ["WANDB_CACHE_DIR"] == f"{tmp_path}/wandb/cache"


def test_what_the_environment_says_stays(environment, tmp_path):
    environment.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.com")
    worker._keep_trackers_at_home(Home.open(tmp_path))
    assert os.environ["MLFLOW_TRACKING_URI"] == "https://mlflow.example.com"


def test_refused_data_are_the_reason_of_what_fails_on_them():
    errors = {
        "Transform": ComponentFailed("Node Transform failed.", received="an empty column"),
        "DataGate": DataRefused("The data must fit the schema.", received="tips=-1"),
    }
    with pytest.raises(DataRefused):
        worker.outcome(Ended(errors=errors))
