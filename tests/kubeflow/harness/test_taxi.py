"""The whole taxi pipeline from its compiled file through an S3 server: pushed; then killed, gone on, not blessed."""

import json
import time

import numpy as np
import pytest

from kubeflow.harness.process import Processes
from kubeflow.harness.run import Run
from kubeflow.harness.s3_store import S3Store
from tests.kubeflow.harness import lineage, whole
from tests.kubeflow.harness.s3_server import CREDENTIALS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

LENIENT = ("calibration_lower=0", "calibration_upper=100")
LOCALLY = (
    "training.epochs=1",
    "evaluation.thresholds.Calibration.lower=0",
    "evaluation.thresholds.Calibration.upper=100",
    "evaluation.thresholds.AUC.lower=0.5",
)
MARK = 123.0
# The AUC of a slice with a dozen rows moves so far when two of them change places; measured 0.004.
OF_A_SLICE = 0.1


@pytest.fixture(scope="module")
def place(tmp_path_factory, s3):
    from pipeline.tasks.taxi.data import prepare

    place = whole.Place("taxi", tmp_path_factory.mktemp("taxi"), s3)
    prepare(place.data, csv_path=None, rows=1500, shards=1, seed=0)
    place.compile("kubeflow.retries=1", f"kubeflow.metadata={place.metadata}")
    return place


@pytest.fixture(scope="module")
def pushed(place):
    """The run that pushes, and its exit code."""
    code = place.kfp_local("epochs=1", "auc_lower=0.5", *LENIENT)
    (folder,) = (place.home / "kfp" / "runs").iterdir()
    return folder, code


def test_a_model_is_pushed(place, pushed):
    folder, code = pushed
    assert code == 0, {log.name: log.read_text()[-500:] for log in (folder / "logs").iterdir()}

    (version,) = whole.versions(place.serving)
    ended = json.loads((place.serving / ".slipway" / "runs" / f"{folder.name}.json").read_text())
    assert ended["state"] == "SUCCEEDED"
    assert (version / "saved_model.pb").exists()
    assert {key.split("/")[2] for key in place.s3.keys("root/taxi/")} == {folder.name}
    assert not (place.home / "kfp" / "store").exists()
    assert list(place.checkpoints.rglob("*.weights.h5")) == [], "a finished training leaves no state"


def test_it_is_the_model_of_a_local_run(place, pushed, run_local):
    local, examples = place.locally(run_local, *LOCALLY), whole.records(place.data, 200)
    here = whole.served(local.version, examples)["probability"]
    there = whole.served(whole.versions(place.serving)[0], examples)["probability"]
    assert np.std(there) > 0.01
    # Transform adds up float32 in the order in which Beam hands it rows. Of coordinates, whose mean is a thousand times
    # their deviation, the last bit of the mean is 4e-4 once they are scaled, and so it is in what the model answers.
    np.testing.assert_allclose(there, here, atol=2e-3)

    found = place.evaluation(pushed[0].name)
    assert found.keys() == local.metrics.keys()
    for slice_key, values in local.metrics.items():
        near = 2e-3 if slice_key == () else OF_A_SLICE
        assert found[slice_key] == pytest.approx(values, abs=near, nan_ok=True)


def test_the_metadata_store_leads_from_the_pushed_version_back_to_the_data(place, pushed, capsys):
    (version,) = whole.versions(place.serving)

    lineage.assert_pushed(place.metadata, pushed[0].name, version, capsys)


class KillsTheFirstTraining:
    """Starts steps as the harness does; the Trainer's first attempt is killed when it has finished an epoch."""

    def __init__(self, checkpoints):
        self._checkpoints, self._processes = checkpoints, Processes()
        self.history = []

    def __call__(self, command, root, log):
        process = self._processes.open(command, root, log)
        if log.name == "trainer-1.txt":
            while process.poll() is None and not (states := list(self._checkpoints.rglob("state.json"))):
                time.sleep(0.01)
            process.kill()
            process.wait()
            self._mark(states[0])
        return process.wait()

    def _mark(self, file):
        """Leaves a mark in what was kept: whoever begins anew does not have it."""
        state = json.loads(file.read_text())
        state["history"]["loss"][0] = MARK
        file.write_text(json.dumps(state))
        self.history = state["history"]["loss"]


def test_a_killed_training_goes_on_and_a_worse_model_is_not_pushed(place, pushed, capsys):
    starter = KillsTheFirstTraining(place.checkpoints)
    store = S3Store(place.s3.endpoint, "s3://bucket/root", CREDENTIALS)
    run = Run(place.spec, place.home / "kfp", start=starter, store=store)

    state = run.start(place.parameters("epochs=6", "auc_lower=0.9999", *LENIENT))

    assert state == "SUCCEEDED", {name: step.message for name, step in run.steps.items()}
    assert run.steps["trainer"].attempts == 2
    (key,) = [key for key in place.s3.keys(f"root/taxi/{run.id}/trainer/") if key.endswith("/history.json")]
    history = json.loads(place.s3.client.get_object(Bucket="bucket", Key=key)["Body"].read())
    assert 1 <= len(starter.history) < 6
    assert history["epochs"] == 6
    assert history["history"]["loss"][: len(starter.history)] == starter.history
    assert starter.history[0] == MARK

    assert run.steps["pusher"].state == "SKIPPED"
    assert run.steps["evaluator"].state == "SUCCEEDED"
    assert {run.steps[name].state for name in ("import-example-gen", "transform")} == {"CACHED"}
    assert len(whole.versions(place.serving)) == 1
    assert not baseline(place, pushed[0].name), "before the first push there is none"
    assert "baseline-resolver-model-resolver" in baseline(place, run.id)
    cached = {"ImportExampleGen", "ImportSchemaGen", "StatisticsGen", "ExampleValidator", "Transform"}
    lineage.assert_not_blessed(place.metadata, run.id, cached, capsys)


def baseline(place, run):
    """Returns where the baseline lay that the Evaluator of a run has compared with."""
    (key,) = [key for key in place.s3.keys(f"root/taxi/{run}/evaluator/") if key.endswith("/eval_config.json")]
    content = json.loads(place.s3.client.get_object(Bucket="bucket", Key=key)["Body"].read())
    return content["modelLocations"].get("baseline")
