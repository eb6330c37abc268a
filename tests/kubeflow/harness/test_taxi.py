"""The whole taxi pipeline from its compiled file: pushed, then not blessed, a process for each step."""

import json

import pytest
import yaml

from kubeflow.harness.run import Run
from pipeline.cli import main

LENIENT = ["epochs=1", "calibration_lower=0", "calibration_upper=100"]


def states(run):
    return {name: (step.state, step.message) for name, step in run.steps.items()}


def baseline(home, run):
    """Returns where the baseline lay that the Evaluator of a run has compared with."""
    (file,) = (home / "store" / "s3" / "bucket" / "root" / "taxi" / run.id / "evaluator").rglob("eval_config.json")
    return json.loads(file.read_text())["modelLocations"].get("baseline")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_model_is_pushed_and_a_worse_one_is_not(tmp_path):
    from pipeline.tasks.taxi.data import prepare

    data, serving, file = tmp_path / "data", tmp_path / "serving", tmp_path / "taxi.yaml"
    prepare(data, csv_path=None, rows=3000, shards=1, seed=0)
    command = ["compile", "taxi", "--image", "image:1", "--pipeline-root", "s3://bucket/root", "-o", str(file)]
    checkpoints = tmp_path / "volume" / "checkpoints"
    volume = f"kubeflow.volumes=[{{claim: slipway, path: {tmp_path}/volume}}]"
    settings = [volume, f"kubeflow.checkpoints={checkpoints}", f"data.path={data}", "kubeflow.retries=0"]
    assert main([*command, *(part for setting in settings for part in ("--set", setting))]) == 0
    spec = next(yaml.safe_load_all(file.read_text()))
    places = [f"data_uri={data}", f"push_destination={serving}", *LENIENT]

    first = Run(spec, tmp_path / "home")

    assert first.start([*places, "auc_lower=0.5"]) == "SUCCEEDED", states(first)
    assert {state for state, _ in states(first).values()} == {"SUCCEEDED"}
    (version,) = [path for path in serving.iterdir() if path.name.isdecimal()]
    assert (version / "saved_model.pb").exists()
    ended = json.loads((serving / ".slipway" / "runs" / f"{first.id}.json").read_text())
    assert ended["state"] == "SUCCEEDED"
    assert list(checkpoints.rglob("*.weights.h5")) == [], "a finished training leaves no state"

    second = Run(spec, tmp_path / "home")

    assert second.start([*places, "auc_lower=0.9999"]) == "SUCCEEDED", states(second)
    found = {name: step.state for name, step in second.steps.items()}
    assert found["pusher"] == "SKIPPED"
    assert found["evaluator"] == "SUCCEEDED"
    assert {found[name] for name in ("import-example-gen", "transform", "trainer")} == {"CACHED"}
    assert len([path for path in serving.iterdir() if path.name.isdecimal()]) == 1
    assert not baseline(tmp_path / "home", first), "before the first push there is none"
    assert "baseline-resolver-model-resolver" in baseline(tmp_path / "home", second)
