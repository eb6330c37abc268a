import json

import pytest

from pipeline.lineage import Store
from pipeline.lineage.compare import Difference, differences, metrics


@pytest.fixture
def compared(recorder):
    """Compares two runs of a Trainer, each given as its parameters."""

    def compare(*parameters):
        for number, properties in enumerate(parameters):
            recorder.run(f"run-{number}", [("Trainer", "complete")], properties=properties)
        with Store.open(recorder.path) as store:
            return differences(store, [store.run(f"run-{number}") for number in range(len(parameters))])

    return compare


def test_only_what_is_different_is_told(compared):
    assert compared({"run_fn": "a", "args": "x"}, {"run_fn": "a", "args": "y"}) == [
        Difference("parameter", "Trainer.args", ("x", "y"))
    ]


def test_what_is_written_as_json_is_told_by_its_parts(compared):
    training = {"training": {"seed": 1, "optimizer": {"name": "adam"}, "metrics": ["auc"], "epochs": None}}
    other = {"training": {"seed": 2, "optimizer": {"name": "sgd"}, "metrics": ["auc"], "epochs": 4}}
    assert compared({"config": json.dumps(training)}, {"config": json.dumps(other)}) == [
        Difference("parameter", "Trainer.config.training.seed", (1, 2)),
        Difference("parameter", "Trainer.config.training.optimizer.name", ("adam", "sgd")),
        Difference("parameter", "Trainer.config.training.epochs", ("null", 4)),
    ]


def test_what_one_run_does_not_have_is_none(compared):
    assert compared({"span": "1"}, {}, {"span": "1"}) == [Difference("data", "Trainer.span", (1, None, 1))]


def test_equal_runs_have_no_difference(compared):
    assert compared({"run_fn": "a"}, {"run_fn": "a"}) == []


def test_a_cached_node_has_the_parameters_of_the_one_that_it_repeats(recorder):
    def execution(run, node, state, outputs, **properties):
        contexts = [recorder._context("pipeline_run", run), recorder._context("pipeline", "taxi")]
        contexts.append(recorder._context("node", f"taxi.{node}"))
        made = recorder.step(node, outputs=outputs, state=state, **properties)
        newest = max(one.id for one in recorder.store.get_executions())
        recorder.store.put_execution(recorder.store.get_executions_by_id([newest])[0], [], contexts)
        return made

    made = execution("run-0", "Gen", "complete", [("Examples", "/e", {})], input_fingerprint="one", base="/data")
    execution("run-1", "Gen", "cached", made, base="/data")
    execution("run-2", "Gen", "complete", [("Examples", "/e2", {})], input_fingerprint="two", base="/data")
    with Store.open(recorder.path) as store:
        runs = [store.run(f"run-{number}") for number in range(3)]
        assert differences(store, runs[:2]) == []
        assert differences(store, runs) == [Difference("data", "Gen.input_fingerprint", ("one", "one", "two"))]


def test_code_and_libraries_are_told_once_however_many_nodes_have_them(recorder):
    for number, digest in enumerate("ab"):
        code = json.dumps({"roots": ["m.f"], "modules": {"m": digest, "n": "c"}, "versions": {"keras": f"3.{number}"}})
        recorder.run(f"run-{number}", [("Trainer", "complete"), ("Tuner", "complete")], properties={"code": code})
    with Store.open(recorder.path) as store:
        found = differences(store, [store.run("run-0"), store.run("run-1")])
    assert found == [Difference("code", "m", ("a", "b")), Difference("version", "keras", ("3.0", "3.1"))]


def test_schemas_are_told_by_feature(recorder, tmp_path):
    for number, minimum in enumerate(("0", "1")):
        folder = tmp_path / str(number)
        folder.mkdir()
        more = 'feature { name: "new" type: BYTES }' if number else ""
        text = f'{more} feature {{ name: "fare" type: FLOAT presence {{ min_fraction: {minimum} }} }}'
        (folder / "schema.pbtxt").write_text(text)
        recorder.run(f"run-{number}", [("Schema", "complete")], outputs=[("Schema", folder, {})])
    with Store.open(recorder.path) as store:
        found = differences(store, [store.run("run-0"), store.run("run-1")])
    assert found == [
        Difference("schema", "feature.fare.presence.min_fraction", (0.0, 1.0)),
        Difference("schema", "feature.new.type", (None, "BYTES")),
    ]


def test_metrics_are_told_by_slice():
    first = [{"metric": "AUC", "slice": "", "value": 0.5}, {"metric": "AUC", "slice": "x=1", "value": 0.4}]
    second = [{"metric": "AUC", "slice": "", "value": 0.6}, {"metric": "Loss", "slice": "", "value": 0.1}]
    assert metrics([first, second]) == [("AUC", "", (0.5, 0.6)), ("AUC", "x=1", (0.4, None)), ("Loss", "", (None, 0.1))]
    assert metrics([[], []]) == []
