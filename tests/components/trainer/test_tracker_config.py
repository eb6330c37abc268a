import importlib.util
from importlib.machinery import ModuleSpec

import pytest

from components.errors import UsageError
from components.trainer import tracker_config
from components.trainer.tracker_config import MlflowConfig, WandbConfig


@pytest.fixture
def installed(monkeypatch):
    """Says which modules there are; a folder of the same name has no origin."""

    def only(*modules: str, folders: tuple[str, ...] = ()) -> None:
        specs = {name: ModuleSpec(name, None, origin=f"/site/{name}.py") for name in modules}
        specs |= {name: ModuleSpec(name, None) for name in folders}
        monkeypatch.setattr(importlib.util, "find_spec", specs.get)

    return only


ALL = ("mlflow", "sqlalchemy", "alembic", "wandb")


@pytest.mark.parametrize(
    ("modules", "tracker", "packages"),
    [
        ((), "mlflow", "mlflow-skinny sqlalchemy alembic"),
        (("mlflow", "wandb"), "mlflow", "sqlalchemy alembic"),
        (("mlflow",), "wandb", "wandb"),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_installs_it(installed, modules, tracker, packages):
    installed(*modules)
    with pytest.raises(UsageError, match=rf"Run `pip install {packages}`, or take it out of training.trackers."):
        tracker_config.check((tracker,), MlflowConfig())


def test_the_folder_that_offline_runs_leave_is_not_the_package(installed):
    installed(folders=("wandb",))
    with pytest.raises(UsageError, match=r"Received: no wandb\."):
        tracker_config.check(("wandb",), MlflowConfig())


def test_installed_trackers_are_fine_and_none_needs_nothing(installed):
    installed()
    tracker_config.check((), MlflowConfig())
    installed(*ALL)
    tracker_config.check(("mlflow", "wandb"), MlflowConfig("sqlite:////somewhere/mlflow.db"))


def test_a_tracker_is_named_once(installed):
    installed(*ALL)
    with pytest.raises(UsageError, match=r"Received: trackers=wandb, wandb"):
        tracker_config.check(("wandb", "wandb"), MlflowConfig())


@pytest.mark.parametrize(
    "uri", ["https://me:secret@host/mlflow", "http://token@host", "postgresql://me:secret@host/mlflow"]
)
def test_a_password_is_refused_without_repeating_it(uri):
    with pytest.raises(UsageError, match=r"MLFLOW_TRACKING_PASSWORD") as caught:
        tracker_config.check((), MlflowConfig(uri))
    assert "secret" not in str(caught.value)
    assert "token" not in str(caught.value)


def test_the_configuration_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///home.db")
    monkeypatch.setenv("WANDB_DIR", "home")
    assert (MlflowConfig().location, WandbConfig().location) == ("sqlite:///home.db", "home")
    assert (MlflowConfig("sqlite:///mine.db").location, WandbConfig(folder="mine").location) == (
        "sqlite:///mine.db",
        "mine",
    )


@pytest.mark.parametrize(
    ("tracker", "settings"),
    [
        ("mlflow", "training.mlflow.tracking_uri or MLFLOW_TRACKING_URI"),
        ("wandb", "training.wandb.folder or WANDB_DIR"),
    ],
)
def test_a_tracker_needs_a_place(monkeypatch, tracker, settings):
    for name in ("MLFLOW_TRACKING_URI", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match=rf"Received: {tracker}. Set {settings}."):
        tracker_config.check_locations((tracker,), MlflowConfig(), WandbConfig())
