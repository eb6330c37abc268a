import json

import pytest

from pipeline.cli import main
from pipeline.home import Home
from pipeline.runner.events import append, event
from pipeline.runner.request import RunRequest

ROW = {
    "metric": "AUC",
    "slice": "hour=3",
    "value": 0.77,
    "lower": None,
    "upper": None,
    "baseline": None,
    "change": None,
}
TRACKED = {"mlflow_run_id": "b2", "mlflow_location": "sqlite:///mlflow.db"}
FINDING = {"split": "train", "feature": "fare", "rule": "Out-of-range values", "seen": "-3", "allowed": ">= 0"}


@pytest.fixture
def home(tmp_path, recorder):
    """A home with one run in it, whose events tell more than ML Metadata."""
    home = Home.open(tmp_path)
    recorder.run("run-1", [("Gen", "cached"), ("Pusher", "complete")], pushed="17")
    RunRequest("run-1", "taxi", str(tmp_path), {}).write(home.run("run-1"))
    events = home.run("run-1") / "events.jsonl"
    append(events, event("evaluation", rows=[{**ROW, "min_change": None, "passed": None}], blessed=True))
    append(events, event("warned", rows=[FINDING]))
    return str(tmp_path)


def test_a_run_of_the_home(home, capsys):
    assert main(["show", "run-1", "--home", home]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0][:3] == ["taxi", "run-1", "complete"]
    assert ["Pushed", "version", "17", "to", "/serving/taxi/17"] in lines
    assert ["Gen", "cached", "0.0", "1", "-", "-"] in [[*line[:2], *line[3:]] for line in lines]
    assert lines[-2:] == [["Slice", "AUC"], ["hour=3", "0.7700"]]
    assert ["fare", "train", "Out-of-range", "values", "-3", ">=", "0"] in lines


def test_one_node_in_full(tmp_path, recorder, capsys):
    [data] = recorder.step("Gen", outputs=[("Examples", "/data", {})], run="run-1")
    recorder.step("Trainer", [data], [("Model", "/m", {})], run="run-1", config='{"seed": 1}')
    log = Home.open(tmp_path).run("run-1") / "logs" / "Trainer.txt"
    log.parent.mkdir(parents=True)
    log.touch()
    assert main(["show", "run-1", "--node", "Trainer", "--home", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for words in ("config.seed  1", "in      1  Examples  /data", "out      2  Model  /m", "Log      "):
        assert words in " ".join(out.split("\n")), words
    assert main(["show", "run-1", "--node", "Trainer", "--home", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["parameters"], told["log"]) == ({"config.seed": 1}, str(log))
    assert told["inputs"] == [{"key": "in", "artifact": 1, "type": "Examples", "uri": "/data"}]
    assert main(["show", "run-1", "--node", "Traner", "--home", str(tmp_path)]) == 2


@pytest.mark.parametrize("local", [False, True])
def test_a_failure_says_why(tmp_path, recorder, capsys, local):
    result = {"__execution_result__": json.dumps({"resultMessage": "OSError: No space."})}
    recorder.run("run-1", [("Trainer", "failed")], properties=result)
    home = Home.open(tmp_path)
    if local:
        home.run("run-1").mkdir()
        ended = event("node_finished", node="Trainer", state="failed", seconds=1.0, message="The disk is full.")
        append(home.run("run-1") / "events.jsonl", ended)
    assert main(["show", "run-1", "--home", str(tmp_path)]) == 0
    assert f"Trainer failed: {'The disk is full.' if local else 'OSError: No space.'}" in capsys.readouterr().out


def test_the_runs_of_trackers_come_from_the_execution(tmp_path, recorder, capsys):
    recorder.run("run-1", [("Trainer", "complete")], properties=TRACKED)
    assert main(["show", "run-1", "--store", str(recorder.path)]) == 0
    assert "Tracked  mlflow run b2 in sqlite:///mlflow.db\n" in capsys.readouterr().out


def test_those_of_a_training_that_failed_come_from_what_it_told(home, capsys):
    events = Home.open(home).run("run-1") / "events.jsonl"
    append(events, event("tracked", tracker="wandb", run_id="a1", location="/offline-run-a1"))
    main(["show", "run-1", "--home", home, "--json"])
    told = [{"tracker": "wandb", "run_id": "a1", "location": "/offline-run-a1"}]
    assert json.loads(capsys.readouterr().out)["tracked"] == told


def test_a_run_of_any_store(home, recorder, capsys):
    assert main(["show", "run-1", "--store", str(recorder.path)]) == 0
    out = capsys.readouterr().out
    assert "Pusher" in out
    assert "hour=3" not in out


def test_json(home, capsys):
    main(["show", "run-1", "--home", home, "--json"])
    values = json.loads(capsys.readouterr().out)
    assert values["nodes"][0]["node"] == "Gen"
    assert values["evaluation"][0]["slice"] == "hour=3"
    assert values["warned"][0]["feature"] == "fare"


def test_a_run_that_is_not_there(home, capsys):
    assert main(["show", "run-2", "--home", home]) == 2
    assert capsys.readouterr().err.startswith("error: A run must be in the metadata store. Received: run=run-2.")
