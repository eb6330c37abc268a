import json

import pytest

from components.errors import UsageError
from pipeline.lineage import Store
from pipeline.lineage.database import Database


@pytest.fixture
def store(recorder):
    with Store.open(recorder.path) as store:
        yield store


@pytest.fixture
def asked(monkeypatch):
    queries, rows = [], Database.rows
    monkeypatch.setattr(Database, "rows", lambda self, *args: queries.append(args[0]) or rows(self, *args))
    return queries


def test_a_run(recorder, store):
    recorder.run("run-1", [("Gen", "cached"), ("Trainer", "complete"), ("Pusher", "complete")], pushed="17")
    [run] = store.runs()
    assert (run.id, run.pipeline, run.state, run.version, run.cached) == ("run-1", "taxi", "complete", "17", 1)
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
def test_the_state_of_a_run(recorder, store, states, state):
    recorder.run("run-1", [(f"Node{number}", value) for number, value in enumerate(states)])
    assert store.run("run-1").state == state


def test_the_latest_run_is_first_and_one_pipeline_can_be_chosen(recorder, store):
    for number, pipeline in enumerate(["taxi", "digits", "taxi"]):
        recorder.run(f"run-{number}", [("Gen", "complete")], pipeline=pipeline)
    assert [run.id for run in store.runs()] == ["run-2", "run-1", "run-0"]
    assert [run.id for run in store.runs("taxi")] == ["run-2", "run-0"]
    assert store.runs("nothing") == []
    assert [(one.name, one.runs) for one in store.pipelines()] == [("digits", 1), ("taxi", 2)]


def test_runs_come_in_pages(recorder, store):
    for number in range(5):
        recorder.run(f"run-{number}", [("Gen", "complete")], pipeline="taxi" if number % 2 else "digits")
    first = store.runs(limit=2)
    assert [run.id for run in first] == ["run-4", "run-3"]
    assert [run.id for run in store.runs(limit=2, before=first[-1].id)] == ["run-2", "run-1"]
    assert [run.id for run in store.runs("digits", before="run-3")] == ["run-2", "run-0"]
    with pytest.raises(UsageError, match="run=run-9"):
        store.runs(before="run-9")


def test_a_node_that_ran_again_counts_once(recorder, store):
    recorder.run("run-1", [("Gen", "complete"), ("Trainer", "failed"), ("Trainer", "complete")])
    run = store.run("run-1")
    assert [(node.node, node.state) for node in run.nodes] == [("Gen", "complete"), ("Trainer", "complete")]
    assert run.state == "complete"


def test_a_push_that_did_not_happen_has_no_version(recorder, store):
    recorder.run("run-1", [("Pusher", "complete")], pushed="")
    assert (store.run("run-1").version, store.run("run-1").pushed_to) == (None, None)


@pytest.mark.parametrize("blessed", [0, 1])
def test_a_verdict_is_told(recorder, store, blessed):
    recorder.run("run-1", [("Evaluator", "complete")], outputs=[("ModelBlessing", "/b", {"blessed": blessed})])
    recorder.run("run-2", [("Trainer", "complete")])
    assert [run.blessed for run in store.runs()] == [None, bool(blessed)]


def test_a_failure_says_why(recorder, store):
    told = {"__execution_result__": json.dumps({"resultMessage": "No space left.\n", "code": 2})}
    recorder.run("run-1", [("Trainer", "failed")], properties=told)
    recorder.run("run-2", [("Trainer", "failed")], properties={"__execution_result__": "no json"})
    assert [run.nodes[0].message for run in store.runs()] == [None, "No space left."]


def test_names_of_nodes_may_hold_points(recorder, store):
    recorder.run("run-1", [("Gen.train", "complete")], pipeline="my.pipeline")
    assert store.run("run-1").nodes[0].node == "Gen.train"


def test_many_runs_cost_as_many_queries_as_one(recorder, store, asked):
    recorder.run("first", [("Gen", "complete")], pushed="1")
    store.runs()
    one = len(asked)
    for number in range(12):
        recorder.run(f"run-{number}", [(name, "complete") for name in "ABCD"], pushed=str(number))
    asked.clear()
    everything = store.runs()
    assert len(asked) == one
    assert [run.version for run in everything] == [*(str(number) for number in reversed(range(12))), "1"]
    assert all(len(run.nodes) == 4 for run in everything[:-1])
    assert store.run("run-7") == next(run for run in everything if run.id == "run-7")
    assert store.runs(limit=3) == everything[:3]


def test_an_empty_store_has_no_runs(recorder, store):
    assert store.runs() == store.runs(limit=5) == store.pipelines() == []


def test_a_run_that_is_not_there(recorder, store):
    recorder.run("run-1", [("Gen", "complete")])
    with pytest.raises(UsageError, match="Received: run=run-2"):
        store.run("run-2")
