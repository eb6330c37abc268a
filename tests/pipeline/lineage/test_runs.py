import pytest

from components.errors import UsageError
from pipeline.lineage.runs import Runs
from pipeline.lineage.store import open_store


@pytest.fixture
def runs(recorder):
    return Runs(open_store(str(recorder.path)))


def test_a_run(recorder, runs):
    recorder.run("run-1", [("Gen", "cached"), ("Trainer", "complete"), ("Pusher", "complete")], pushed="17")
    [run] = runs.all()
    assert (run.id, run.pipeline, run.state, run.version) == ("run-1", "taxi", "complete", "17")
    assert run.pushed_to == "/serving/taxi/17"
    assert [(node.node, node.state) for node in run.nodes] == [
        ("Gen", "cached"),
        ("Trainer", "complete"),
        ("Pusher", "complete"),
    ]
    assert run.nodes[1].component == "tfx.components.Trainer"
    assert 0 <= run.seconds < 60
    assert run.started > 1.7e9


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["complete", "cached"], "complete"),
        (["complete", "failed"], "failed"),
        (["complete", "running"], "running"),
        (["running", "failed"], "failed"),
        (["complete", "canceled"], "canceled"),
    ],
)
def test_the_state_of_a_run(recorder, runs, states, state):
    recorder.run("run-1", [(f"Node{number}", value) for number, value in enumerate(states)])
    assert runs.get("run-1").state == state


def test_the_latest_run_is_first_and_one_pipeline_can_be_chosen(recorder, runs):
    for number, pipeline in enumerate(["taxi", "digits", "taxi"]):
        recorder.run(f"run-{number}", [("Gen", "complete")], pipeline=pipeline)
    assert [run.id for run in runs.all()] == ["run-2", "run-1", "run-0"]
    assert [run.id for run in runs.all("taxi")] == ["run-2", "run-0"]
    assert runs.all("nothing") == []


def test_a_node_that_ran_again_counts_once(recorder, runs):
    recorder.run("run-1", [("Gen", "complete"), ("Trainer", "failed"), ("Trainer", "complete")])
    run = runs.get("run-1")
    assert [(node.node, node.state) for node in run.nodes] == [("Gen", "complete"), ("Trainer", "complete")]
    assert run.state == "complete"


def test_a_push_that_did_not_happen_has_no_version(recorder, runs):
    recorder.run("run-1", [("Pusher", "complete")], pushed="")
    assert (runs.get("run-1").version, runs.get("run-1").pushed_to) == (None, None)


def test_names_of_nodes_may_hold_points(recorder, runs):
    recorder.run("run-1", [("Gen.train", "complete")], pipeline="my.pipeline")
    assert runs.get("run-1").nodes[0].node == "Gen.train"


def test_all_and_get_say_the_same_of_more_executions_than_one_query_reads(recorder, runs):
    for number in range(26):
        recorder.run(f"run-{number}", [(name, "complete") for name in "ABCD"], pushed=str(number))
    everything = runs.all()
    assert len(everything) == 26
    assert [run.version for run in everything] == [str(number) for number in reversed(range(26))]
    assert all(len(run.nodes) == 4 for run in everything)
    assert runs.get("run-7") == next(run for run in everything if run.id == "run-7")


def test_a_run_costs_one_query_more(recorder, runs, monkeypatch):
    for number in range(20):
        recorder.run(f"run-{number}", [("Gen", "complete")])
    calls = []
    store_type = type(recorder.store)
    original = store_type._call
    monkeypatch.setattr(store_type, "_call", lambda self, *args: calls.append(args[0]) or original(self, *args))
    assert len(runs.all()) == 20
    assert 20 < len(calls) <= 20 + 8


def test_the_newest_are_those_of_all_and_only_they_are_read(recorder, runs, monkeypatch):
    for number in range(20):
        recorder.run(f"run-{number}", [("Gen", "complete")], pipeline="taxi" if number % 2 else "digits", pushed="7")
    everything = runs.all()
    calls = []
    store_type = type(recorder.store)
    original = store_type._call
    monkeypatch.setattr(store_type, "_call", lambda self, *args: calls.append(args[0]) or original(self, *args))
    assert runs.newest(3) == everything[:3]
    assert len(calls) < 12
    assert runs.newest(3, "taxi") == [run for run in everything if run.pipeline == "taxi"][:3]
    assert runs.newest(99) == everything


def test_an_empty_store_has_no_runs(recorder, runs):
    assert runs.all() == runs.newest(5) == []


def test_a_run_that_is_not_there(recorder, runs):
    recorder.run("run-1", [("Gen", "complete")])
    with pytest.raises(UsageError, match="Received: run=run-2"):
        runs.get("run-2")
