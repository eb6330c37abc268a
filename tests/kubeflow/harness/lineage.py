"""What `slipway runs`, `show` and `lineage` answer about runs on KFP, of the store that their last step has written."""

import json
from pathlib import Path
from typing import Any

from pipeline.cli import main

RECORDED = {
    "BaselineResolver",
    "DataGate",
    "Evaluator",
    "ExampleValidator",
    "ImportExampleGen",
    "ImportSchemaGen",
    "ServingCheck",
    "StatisticsGen",
    "StatisticsResolver",
    "Trainer",
    "Transform",
}


def answer(store: Path, capsys: Any, *arguments: str) -> Any:
    capsys.readouterr()
    assert main([*arguments, "--store", str(store), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def assert_pushed(store: Path, run: str, version: Path, capsys: Any) -> None:
    """The run, its version and all that this was made of are known."""
    (known,) = answer(store, capsys, "runs")
    assert (known["id"], known["state"], known["version"], known["blessed"]) == (run, "complete", version.name, True)
    nodes = {node["node"]: node for node in answer(store, capsys, "show", run)["nodes"]}
    assert nodes.keys() == RECORDED | {"Pusher"}
    assert nodes["Trainer"]["seconds"] > 0.1
    assert main(["lineage", str(version), "--store", str(store)]) == 0
    told = capsys.readouterr().out
    for wanted in ("schemas/taxi/schema.pbtxt", "pipeline.tasks.taxi.preprocessing", "ImportExampleGen, execution"):
        assert wanted in told


def assert_not_blessed(store: Path, run: str, cached: set[str], capsys: Any) -> None:
    """A later run is known too, with what KFP's cache answered for, and without a Pusher."""
    known = answer(store, capsys, "runs")[0]
    assert (known["id"], known["state"], known["version"], known["blessed"]) == (run, "complete", None, False)
    states = {node["node"]: node["state"] for node in answer(store, capsys, "show", run)["nodes"]}
    assert states == {node: "cached" if node in cached else "complete" for node in RECORDED}
