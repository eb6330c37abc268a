"""Taxi with a search for hyper-parameters, as a user runs it, and its optimizers compared on what that run has left."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

TINY = (
    *("--set", "tuning.trials=2"),
    *("--set", "tuning.space.optimizer.learning_rate=[0.003,0.01]"),
    *("--set", "data.params.rows=3000"),
    *("--set", "training.epochs=2"),
    *("--set", "evaluation.thresholds={AUC: {lower: 0.5}}"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("tuning") / "home"


@pytest.fixture(scope="module")
def tuned(home, run_local):
    return run_local("taxi", "--home", home, *TINY, timeout=600)


def _events(folder: Path, kind: str) -> list[dict]:
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return [event for event in events if event["event"] == kind]


def _latest(folder: Path) -> Path:
    return max((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.name)


def _only(home: Path, pattern: str) -> dict:
    [file] = (home / "pipelines" / "taxi").glob(pattern)
    return json.loads(file.read_text())


def _at(config: dict, key: str):
    for name in key.split("."):
        config = config[name]
    return config


def test_the_best_hyper_parameters_reach_the_pushed_model(tuned, home):
    assert tuned.returncode == 0, tuned.stderr
    trained = _only(home, "Trainer/model_run/*/training.json")
    best = _only(home, "Tuner/best_hyperparameters/*/best_hyperparameters.txt")["values"]
    assert best.keys() == {"optimizer.learning_rate", "model.params.embedding_size", "model.params.hidden_units"}
    for key, value in best.items():
        assert _at(trained, key) == (json.loads(value) if isinstance(value, str) else value)
    assert len(list((home / "serving" / "taxi").iterdir())) == 1


def test_the_trainer_repeats_the_best_trial(tuned, home):
    trials = _only(home, "Tuner/tuner_results/*/tuner_results.json")
    history = _only(home, "Trainer/model_run/*/history.json")
    assert trials[0]["score"] == max(trial["score"] for trial in trials)
    # The same code, seed and values; threads may add numbers up in another order.
    assert max(history["history"]["val_auc"]) == pytest.approx(trials[0]["score"], abs=1e-3)


def test_the_trials_are_seen(tuned, home):
    states = [(event["trial"], event["trials"], event["state"]) for event in _events(_latest(home / "runs"), "trial")]
    assert states == [(1, 2, "running"), (1, 2, "completed"), (2, 2, "running"), (2, 2, "completed")]
    assert "trial 2/2  val_auc 0." in tuned.stdout
    assert "Hyper-parameters, best of 2 trials" in tuned.stdout


def test_a_run_with_another_threshold_searches_nothing_and_shows_the_same(tuned, home, run_local):
    threshold = ("--set", "evaluation.thresholds={AUC: {lower: 0.51}}")
    again = run_local("taxi", "--home", home, *TINY, *threshold, timeout=600)
    assert again.returncode == 0, again.stderr
    states = {event["node"]: event["state"] for event in _events(_latest(home / "runs"), "node_finished")}
    assert states["Tuner"] == states["Trainer"] == "cached"
    table = tuned.stdout.partition("Hyper-parameters")[2].partition("Evaluation")[0]
    assert table
    assert table in again.stdout


def _compare(home: Path, *options: str) -> dict:
    command = [sys.executable, "-m", "pipeline.cli", "compare-optimizers", "taxi", "--home", str(home), "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_optimizers_are_compared_on_the_examples_of_the_latest_run(tuned, home):
    found = _compare(home, "--optimizers", "adam,sgd=0.3", "--seeds", "2", "--epochs", "2")
    assert found["run"] == _latest(home / "runs").name
    assert (found["seeds"], found["epochs"]) == ([1, 2], 2)
    standings = {one["contender"]: one for one in found["standings"]}
    assert {name: one["finished"] for name, one in standings.items()} == {"adam 0.001": 2, "sgd 0.3": 2}
    assert all(0.5 < one["metric"]["low"] < one["metric"]["high"] < 1 for one in standings.values())
    means = [one["metric"]["mean"] for one in found["standings"]]
    assert means == sorted(means, reverse=True)
    folder = Path(found["folder"])
    assert folder.parent == home / "reports"
    assert (folder / "optimizers.png").read_bytes().startswith(b"\x89PNG")
    trained = json.loads((folder / "results.json").read_text())["trainings"]
    order = [(one["contender"], one["seed"]) for one in trained]
    assert order == [("adam 0.001", 1), ("sgd 0.3", 1), ("adam 0.001", 2), ("sgd 0.3", 2)]


def test_other_data_are_transformed_first(tuned, home):
    before = _latest(home / "runs").name
    found = _compare(home, "--optimizers", "adam", "--seeds", "1", "--epochs", "1", "--set", "data.params.rows=600")
    assert found["run"] not in ("", before)
    assert Path(found["folder"]).name == f"optimizers-{found['run']}"
    states = {event["node"]: event["state"] for event in _events(Path(found["folder"]), "node_finished")}
    assert states["Transform"] == "complete"
    assert "Trainer" not in states
