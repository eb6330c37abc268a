import json

import pytest

from pipeline.cli import main
from pipeline.home import Home
from pipeline.runner.events import append, event


@pytest.fixture
def store(recorder):
    recorder.run("run-1", [("Gen", "complete"), ("Pusher", "complete")], pushed="17")
    recorder.run("run-2", [("Gen", "failed")], pipeline="digits")
    return str(recorder.path)


def test_the_table(store, capsys):
    assert main(["runs", "--store", store]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["Run", "Task", "State", "Cached", "Seconds", "Metrics", "Pushed"]
    assert [(*line[:4], *line[5:]) for line in lines[1:]] == [
        ("run-2", "digits", "failed", "0/1", "-", "-"),
        ("run-1", "taxi", "complete", "0/2", "-", "17"),
    ]


def test_metrics_with_a_threshold_come_first(tmp_path, recorder, capsys):
    home = Home.open(tmp_path)
    recorder.run("run-1", [("Evaluator", "cached")], outputs=[("ModelBlessing", "/b", {"blessed": 0})])
    home.run("run-1").mkdir()
    values = [("ExampleCount", 9, None), ("Loss", 0.25, None), ("AUC", 0.5, False), ("AUC", 0.75, None)]
    rows = [
        {"metric": metric, "slice": "x=1" if value == 0.75 else "", "value": value, "passed": passed}
        for metric, value, passed in values
    ]
    append(home.run("run-1") / "events.jsonl", event("evaluation", rows=rows, blessed=False))
    assert main(["runs", "--home", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "AUC 0.5000, Loss" in out
    assert "not blessed" in out
    main(["runs", "--home", str(tmp_path), "--json"])
    [row] = json.loads(capsys.readouterr().out)
    assert row["metrics"] == {"AUC": 0.5, "Loss": 0.25, "ExampleCount": 9}
    assert (row["blessed"], row["cached"]) == (False, 1)


def test_a_limit_leaves_the_older_out_and_says_so(store, capsys):
    assert main(["runs", "--store", store, "--limit", "1"]) == 0
    out = capsys.readouterr().out
    assert "run-1" not in out
    assert out.endswith("There are more than 1: --limit or --before run-2 shows them.\n")
    main(["runs", "--store", store, "--before", "run-2"])
    assert "run-2" not in capsys.readouterr().out
    main(["runs", "--store", store, "--limit", "2"])
    assert "--limit" not in capsys.readouterr().out


def test_one_task(store, capsys):
    main(["runs", "taxi", "--store", store])
    assert "run-2" not in capsys.readouterr().out


def test_json(store, capsys):
    main(["runs", "--store", store, "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert [(row["id"], row["version"], len(row["nodes"])) for row in rows] == [("run-2", None, 1), ("run-1", "17", 2)]


def test_the_store_of_the_home(tmp_path, recorder, capsys):
    Home.open(tmp_path)
    recorder.run("run-9", [("Gen", "complete")])
    assert main(["runs", "--home", str(tmp_path)]) == 0
    assert "run-9" in capsys.readouterr().out


@pytest.mark.parametrize(("args", "out"), [([], "No runs yet.\n"), (["--json"], "[]\n")])
def test_a_home_without_a_run(tmp_path, args, out, capsys):
    Home.open(tmp_path)
    assert main(["runs", "--home", str(tmp_path), *args]) == 0
    assert capsys.readouterr().out == out


def test_no_home_is_made_to_look_at_it(tmp_path, capsys):
    assert main(["runs", "--home", str(tmp_path / "none")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
