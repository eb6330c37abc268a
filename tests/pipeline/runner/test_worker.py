import os

import pytest

from pipeline.home import Home
from pipeline.runner import worker

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
