"""Read back with MLflow's own client, from the store that a local run would have."""

import math

import pytest

from components.trainer.tracker_config import MlflowConfig
from components.trainer.trackers.tracker import RunInfo

mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed")
pytest.importorskip("alembic", reason="alembic is not installed")
# MLflow takes five seconds to import and as many to make its tables.
pytestmark = pytest.mark.slow

PARAMETERS = {"optimizer.learning_rate": 0.001, "epochs": None, **{f"model.params.{n}": n for n in range(120)}}
TAGS = {"mlmd.pipeline": "taxi", "mlmd.pipeline_run": "taxi-1", "mlmd.execution": "7"}


@pytest.fixture(scope="module")
def uri(tmp_path_factory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('home') / 'mlflow.db'}"


@pytest.fixture(scope="module")
def start(uri):
    from components.trainer.trackers.mlflow_run import MlflowRun

    return lambda **config: MlflowRun(
        MlflowConfig(tracking_uri=uri, **config), RunInfo("taxi-1/7", "taxi", PARAMETERS, TAGS)
    )


@pytest.fixture(scope="module")
def client(uri):
    return mlflow.MlflowClient(uri)


def test_everything_can_be_read_back(start, client, uri, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture = tmp_path / "history.png"
    picture.write_bytes(b"\x89PNG")
    tracker = start()
    for epoch, loss in enumerate([0.5, 0.25], start=1):
        tracker.log_metrics(epoch, {"loss": loss, "val_auc": math.nan})
    tracker.log_picture(picture)
    tracker.finish(failed=False)

    assert (tracker.run.tracker, tracker.run.location) == ("mlflow", uri)
    run = client.get_run(tracker.run.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "taxi-1/7"
    assert run.data.params == {name: str(value) for name, value in PARAMETERS.items()}
    assert TAGS.items() <= run.data.tags.items()
    assert client.get_experiment(run.info.experiment_id).name == "taxi"
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")] == [(1, 0.5), (2, 0.25)]
    assert [math.isnan(m.value) for m in client.get_metric_history(run.info.run_id, "val_auc")] == [True, True]
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["history.png"]
    assert {path.name for path in tmp_path.iterdir()} == {"history.png"}, "nothing goes into the working directory"


def test_a_run_that_failed_says_so_in_the_experiment_of_the_configuration(start, client):
    first, second = start(experiment="mine"), start(experiment="mine")
    first.finish(failed=True)
    found = client.get_experiment_by_name("mine")
    assert client.get_run(first.run.run_id).info.status == "FAILED"
    assert client.get_run(second.run.run_id).info.experiment_id == found.experiment_id


def test_nothing_is_reported_to_anybody(start):
    from mlflow.telemetry import get_telemetry_client

    assert get_telemetry_client() is None
