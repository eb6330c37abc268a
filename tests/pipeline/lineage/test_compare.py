import json

import pytest

from pipeline.lineage.compare import Difference, differences, metrics
from pipeline.lineage.runs import Runs
from pipeline.lineage.store import open_store


@pytest.fixture
def compared(recorder):
    """Compares two runs of a Trainer, each given as its parameters."""

    def compare(*parameters):
        for number, properties in enumerate(parameters):
            recorder.run(f"run-{number}", [("Trainer", "complete")], properties=properties)
        store = open_store(str(recorder.path))
        return differences(store, [Runs(store).get(f"run-{number}") for number in range(len(parameters))])

    return compare


def test_only_what_is_different_is_told(compared):
    assert compared({"run_fn": "a", "args": "x"}, {"run_fn": "a", "args": "y"}) == [
        Difference("Trainer.args", ("x", "y"))
    ]


def test_what_is_written_as_json_is_told_by_its_parts(compared):
    training = {"training": {"seed": 1, "optimizer": {"name": "adam"}, "metrics": ["auc"], "epochs": None}}
    other = {"training": {"seed": 2, "optimizer": {"name": "sgd"}, "metrics": ["auc"], "epochs": 4}}
    assert compared({"config": json.dumps(training)}, {"config": json.dumps(other)}) == [
        Difference("Trainer.config.training.seed", (1, 2)),
        Difference("Trainer.config.training.optimizer.name", ("adam", "sgd")),
        Difference("Trainer.config.training.epochs", ("null", 4)),
    ]


def test_what_one_run_does_not_have_is_none(compared):
    assert compared({"span": "1"}, {}, {"span": "1"}) == [Difference("Trainer.span", (1, None, 1))]


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
    store = open_store(str(recorder.path))
    runs = [Runs(store).get(f"run-{number}") for number in range(3)]
    assert differences(store, runs[:2]) == []
    assert differences(store, runs) == [Difference("Gen.input_fingerprint", ("one", "one", "two"))]


def test_metrics_are_told_by_slice():
    first = [{"metric": "AUC", "slice": "", "value": 0.5}, {"metric": "AUC", "slice": "x=1", "value": 0.4}]
    second = [{"metric": "AUC", "slice": "", "value": 0.6}, {"metric": "Loss", "slice": "", "value": 0.1}]
    assert metrics([first, second]) == [("AUC", "", (0.5, 0.6)), ("AUC", "x=1", (0.4, None)), ("Loss", "", (None, 0.1))]
    assert metrics([[], []]) == []
