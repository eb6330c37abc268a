import json
import subprocess
import sys

import pytest

from pipeline.cli import main


@pytest.fixture
def store(recorder):
    """A model of data, pushed."""
    [data] = recorder.step("Gen", outputs=[("Examples", "/data/[1]", {})], input_base="/my/[data]")
    [model] = recorder.step("Trainer", [data], [("Model", "/model", {})], run_fn="my.run_fn")
    recorder.step("Pusher", [model], [("PushedModel", "/pushed", {"pushed_destination": "/serving/taxi/17"})])
    return str(recorder.path)


def test_a_pushed_version_leads_to_its_data_and_its_code(store, capsys):
    assert main(["lineage", "/serving/taxi/17", "--store", store]) == 0
    out = capsys.readouterr().out
    assert out.startswith("PushedModel 3: /serving/taxi/17\n")
    for line in ("data  Gen      /my/[data]  -", "code  Trainer  my.run_fn   -"):
        assert line in out
    assert "└── Pusher, execution 3, complete in 0." in out
    assert "    └── in: Model 2\n" in out
    assert "Made of it" not in out


def test_data_lead_to_the_models_that_saw_them(store, capsys):
    assert main(["lineage", "/data/[1]/Split-train", "--store", store]) == 0
    out = capsys.readouterr().out
    assert "Examples 1: /data/[1]\n" in out
    assert "PushedModel 3: /serving/taxi/17\n" in out
    assert out.endswith("2 artifacts, 2 of them models\n")


def test_json_has_all_of_it(store, capsys):
    assert main(["lineage", "2", "--store", store, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["artifact"]["type"] == "Model"
    assert [(source["kind"], source["what"]) for source in told["sources"]] == [
        ("data", "/my/[data]"),
        ("code", "my.run_fn"),
    ]
    assert [execution["component"] for execution in told["ancestors"]] == [
        "tfx.components.Gen",
        "tfx.components.Trainer",
    ]
    assert told["ancestors"][1]["inputs"] == [{"key": "in", "artifact": 1}]
    assert [artifact["id"] for artifact in told["descendants"]] == [3]


def test_what_is_not_there_is_an_error_of_one_line(store, capsys):
    assert main(["lineage", "4", "--store", store]) == 2
    assert capsys.readouterr().err == (
        "error: An artifact must be in the metadata store. Received: 4. Give the id of an artifact, a path "
        "inside one, or a pushed version's folder; `slipway artifacts` lists them.\n"
    )


def test_artifacts_are_listed_the_newest_first(store, capsys):
    assert main(["artifacts", "--store", store, "--json", "--limit", "2"]) == 0
    assert [artifact["id"] for artifact in json.loads(capsys.readouterr().out)] == [3, 2]
    assert main(["artifacts", "--store", store, "--type", "Model"]) == 0
    title, row = capsys.readouterr().out.splitlines()
    assert title.split() == ["Id", "Type", "State", "Created", "Place"]
    assert (row.split()[:3], row.split()[-1]) == (["2", "Model", "live"], "/model")
    assert main(["artifacts", "--store", store, "--type", "Modell"]) == 2
    assert "Received: Modell. Did you mean 'Model'?" in capsys.readouterr().err


def test_an_empty_store_has_none(recorder, capsys):
    assert main(["artifacts", "--store", str(recorder.path)]) == 0
    assert capsys.readouterr().out == "No artifacts yet.\n"


def test_a_store_says_what_it_lacks(store, capsys):
    main(["lineage", "3", "--store", store])
    assert "\nThe store does not say: the schema's file; a digest of the code" in capsys.readouterr().out
    main(["lineage", "3", "--store", store, "--json"])
    assert json.loads(capsys.readouterr().out)["lacks"][-1] == "the versions of the libraries"


def test_a_span_leads_to_the_models_that_saw_it(recorder, capsys):
    [data] = recorder.step("Gen", outputs=[("Examples", "/e", {"span": 3})], run="run-1")
    recorder.step("Trainer", [data], [("Model", "/m", {})], run="run-1")
    place = ["--store", str(recorder.path)]
    assert main(["lineage", "--span", "3", *place]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["2", "Model", "taxi", "run-1", "-", "/m"]
    assert main(["lineage", "--span", "3", "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)[0]["model"]["uri"] == "/m"
    for wrong in (["--span", "4"], ["1", "--span", "3"], [], ["--span", "3", "--task", "other"]):
        assert main(["lineage", *wrong, *place]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_executions_are_listed_the_newest_first(store, recorder, capsys):
    recorder.run("run-1", [("Gen", "complete"), ("Trainer", "failed")])
    assert main(["executions", "taxi", "--store", store]) == 0
    title, first, second = capsys.readouterr().out.splitlines()
    assert title.split() == ["Id", "Task", "Node", "State", "Started", "Seconds", "Run"]
    assert [line.split()[:4] for line in (first, second)] == [
        ["5", "taxi", "Trainer", "failed"],
        ["4", "taxi", "Gen", "complete"],
    ]
    assert main(["executions", "--store", store, "--json", "--limit", "2", "--before", "4"]) == 0
    assert [execution["id"] for execution in json.loads(capsys.readouterr().out)] == [3, 2]
    assert main(["executions", "taxi", "--node", "Gen", "--run", "run-2", "--store", store]) == 0
    assert capsys.readouterr().out == "No executions yet.\n"
    assert main(["executions", "--node", "Gen", "--store", store]) == 2
    assert main(["executions", "--state", "done", "--store", store]) == 2


def test_why_tells_what_changed_down_to_the_first_cause(recorder, capsys):
    for number in "12":
        [graph] = recorder.step("Transform", outputs=[("G", f"/{number}", {})], run=f"run-{number}", seed=number)
        recorder.step("Trainer", [graph], [("Model", f"/m{number}", {})], run=f"run-{number}")
    place = ["--store", str(recorder.path)]
    assert main(["why", "Trainer", *place]) == 0
    assert [line.lstrip("├└│─ ") for line in capsys.readouterr().out.splitlines()] == [
        "Trainer, execution 4 of run-2: ran",
        "It is made of other things than the last time (execution 2 of run-1)",
        "input in: [1] -> [3]",
        "Transform, execution 3 of run-2: ran",
        "It is made of other things than the last time (execution 1 of run-1)",
        "parameter seed: 1 -> 2",
    ]
    recorder.run("run-3", [("Gen", "failed")])
    assert main(["why", "Trainer", *place]) == 0
    assert "execution 4 of run-2" in capsys.readouterr().out
    assert main(["why", "Transform", "run-1", "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)["earlier"] is None
    for wrong in (["Traner"], ["Trainer", "run-7"], ["Trainer", "--task", "other"]):
        assert main(["why", *wrong, *place]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("command", ["lineage", "artifacts", "executions", "why", "runs", "show"])
def test_it_needs_no_tensorflow(command):
    heavy = {"tensorflow", "tfx", "keras", "ml_metadata"}
    code = f"import sys; import pipeline.commands.{command}; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
