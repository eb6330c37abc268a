"""The weather pipeline as a user runs it."""

import json

import pytest

pytestmark = pytest.mark.slow


def test_a_cold_run_pushes_a_model_better_than_persistence(run_local, tmp_path):
    pytest.importorskip("vega_datasets", reason="needs pip install vega-datasets")
    home = tmp_path / "home"
    done = run_local("weather", "--home", home)
    assert done.returncode == 0, done.stderr
    [log] = (home / "runs").glob("*/events.jsonl")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    [evaluation] = [event for event in events if event["event"] == "evaluation"]
    values = {row["metric"]: row["value"] for row in evaluation["rows"] if not row["slice"]}
    # That tomorrow is like today is off by 2.25 degrees on these days, and right about the weather on 67.8 %.
    # The seeds of the task's docstring differ by 0.04 degrees and 1 point.
    assert values["temperature/MeanAbsoluteError"] < 2.2
    assert values["weather/SparseCategoricalAccuracy"] > 0.67
    assert len(list((home / "serving" / "weather").iterdir())) == 1
