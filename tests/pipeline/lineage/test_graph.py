from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.lineage.database import Database


@pytest.fixture
def made(recorder):
    """Data and a schema, what was transformed of them, a model of that, pushed; and another model of the same."""
    [data] = recorder.step("Gen", outputs=[("Examples", "/data", {})])
    [schema] = recorder.step("SchemaGen", outputs=[("Schema", "/schema", {})])
    [graph] = recorder.step("Transform", [data, schema], [("TransformGraph", "/graph", {})])
    [model] = recorder.step("Trainer", [graph], [("Model", "/model", {})])
    [pushed] = recorder.step("Pusher", [model], [("PushedModel", "/pushed", {})])
    # A later run takes the graph from the cache.
    recorder.step("Transform", [data, schema], [graph], state="cached")
    [other] = recorder.step("Trainer", [graph], [("Model", "/other", {})])
    return SimpleNamespace(data=data, schema=schema, graph=graph, model=model, pushed=pushed, other=other)


def names(executions):
    return [execution.name for execution in executions]


def ids(artifacts):
    return [artifact.id for artifact in artifacts]


def test_ancestors_are_the_executions_that_made_it_and_not_those_that_took_it_from_the_cache(recorder, made):
    graph = recorder.opened().graph(made.pushed)
    assert names(graph.ancestors(made.pushed)) == ["Gen", "SchemaGen", "Transform", "Trainer", "Pusher"]
    assert all(execution.state == "complete" for execution in graph.ancestors(made.pushed))
    assert graph.maker(made.graph).name == "Transform"
    assert [event.artifact for event in graph.inputs(graph.maker(made.graph).id)] == [made.data, made.schema]


def test_descendants_are_all_that_was_made_of_it(recorder, made):
    store = recorder.opened()
    everything = [made.graph, made.model, made.pushed, made.other]
    assert ids(store.graph(made.data).descendants(made.data)) == everything
    assert ids(store.graph(made.model).descendants(made.model)) == [made.pushed]
    assert store.graph(made.pushed).descendants(made.pushed) == []


def test_an_artifact_that_nobody_made_has_no_ancestors(recorder):
    recorder.step("Trainer", [], [("Model", "/model", {})])
    [given_from_outside] = [recorder.store.put_artifacts([recorder._artifact("Examples", "/x", {})])[0]]
    graph = recorder.opened().graph(given_from_outside)
    assert graph.maker(given_from_outside) is None
    assert graph.ancestors(given_from_outside) == graph.descendants(given_from_outside) == []


def test_it_asks_a_few_times_for_each_generation_however_many_executions_it_has(recorder, monkeypatch):
    [data] = recorder.step("Gen", outputs=[("Examples", "/data", {})])
    for number in range(40):
        recorder.step("Trainer", [data], [("Model", f"/model/{number}", {})])
    asked, rows = [], Database.rows
    monkeypatch.setattr(Database, "rows", lambda self, *args: asked.append(args) or rows(self, *args))
    assert len(recorder.opened().graph(data).descendants(data)) == 40
    assert len(asked) < 25


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(links=st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=1, max_size=8), of=st.integers(0, 7))
def test_it_finds_what_a_walk_over_everything_finds(tmp_path_factory, links, of):
    """Each execution reads some of the artifacts that were there before it, and makes one."""
    from tests.pipeline.conftest import Recorder

    recorder = Recorder(tmp_path_factory.mktemp("store") / "metadata.db")
    made, reads = [], {}
    for number, wanted in enumerate(links):
        sources = sorted({made[one] for one in wanted if one < number})
        [artifact] = recorder.step(f"Node{number}", sources, [("Model", f"/{number}", {})])
        made.append(artifact)
        reads[artifact] = set(sources)
    start = made[of % len(made)]

    def reached(to):
        found, frontier = set(), {start}
        while frontier:
            frontier = set().union(*(to(one) for one in frontier)) - found
            found |= frontier
        return found

    graph = recorder.opened().graph(start)
    recorder.close()
    ancestors = {event.artifact for execution in graph.ancestors(start) for event in graph.inputs(execution.id)}
    assert ancestors == reached(lambda one: reads[one])
    later = reached(lambda one: {other for other, sources in reads.items() if one in sources})
    assert set(ids(graph.descendants(start))) == later
