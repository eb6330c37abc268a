import pytest

from components.errors import UsageError
from pipeline.lineage import Store
from pipeline.lineage.explain import explain
from pipeline.lineage.why import Change


def explained(recorder, run, node):
    with Store.open(recorder.path) as store:
        return explain(store, store.run(run), node)


@pytest.fixture
def runs(recorder):
    """A first run; one with another seed for Transform; one that takes everything from the cache."""
    artifacts = {}
    for run, seed in (("run-1", "1"), ("run-2", "2")):
        gen = artifacts.get("gen") or recorder.step("Gen", outputs=[("Examples", "/e", {})], run=run, base="/d")
        if "gen" in artifacts:
            recorder.step("Gen", outputs=gen, state="cached", run=run, base="/d")
        graph = recorder.step("Transform", gen, [("TransformGraph", f"/g{seed}", {})], run=run, seed=seed)
        model = recorder.step("Trainer", graph, [("Model", f"/m{seed}", {})], run=run, run_fn="f")
        artifacts = {"gen": gen, "graph": graph, "model": model}
    for node, inputs, outputs in (("Gen", "", "gen"), ("Transform", "gen", "graph"), ("Trainer", "graph", "model")):
        recorder.step(node, artifacts.get(inputs, ()), artifacts[outputs], state="cached", run="run-3")
    return artifacts


def test_a_hit_names_the_execution_that_made_the_outputs(recorder, runs):
    found = explained(recorder, "run-3", "Trainer")
    assert (found.hit, found.earlier_run, found.changes) == (True, "run-2", ())
    assert explained(recorder, "run-3", "Gen").earlier_run == "run-1"


def test_a_miss_is_followed_to_its_cause(recorder, runs):
    found = explained(recorder, "run-2", "Trainer")
    assert (found.hit, found.earlier_run) == (False, "run-1")
    assert [(change.kind, change.name) for change in found.changes] == [("input", "in")]
    assert [cause.node for cause in found.causes] == ["Transform"]
    assert found.causes[0].changes == (Change("parameter", "seed", 1, 2),)
    assert found.causes[0].causes == ()


def test_a_first_execution_has_nothing_to_be_compared_with(recorder, runs):
    found = explained(recorder, "run-1", "Trainer")
    assert (found.hit, found.earlier, found.changes) == (False, None, ())
    assert "first execution" in found.reason


def test_after_a_cached_one_it_is_compared_with_the_one_that_that_repeats(recorder, runs):
    recorder.step("Trainer", runs["graph"], [("Model", "/m4", {})], run="run-4", run_fn="other")
    found = explained(recorder, "run-4", "Trainer")
    assert (found.earlier_run, found.changes) == ("run-2", (Change("parameter", "run_fn", "f", "other"),))


def test_executions_that_failed_are_passed_over(recorder, runs):
    recorder.step("Trainer", runs["graph"], state="failed", run="run-4", run_fn="broken")
    recorder.step("Trainer", runs["graph"], [("Model", "/m5", {})], run="run-5", run_fn="f")
    found = explained(recorder, "run-5", "Trainer")
    assert found.changes == ()
    assert "Nothing that the metadata store notes has changed" in found.reason


def test_outputs_that_are_gone_explain_a_miss(recorder, runs):
    [model] = recorder.store.get_artifacts_by_id(runs["model"])
    model.state = model.DELETED
    recorder.store.put_artifacts([model])
    recorder.step("Trainer", runs["graph"], [("Model", "/m4", {})], run="run-4", run_fn="f")
    assert explained(recorder, "run-4", "Trainer").reason == "The outputs of the last time are deleted."


def test_an_unknown_node_gets_the_nearest_one(recorder, runs):
    with pytest.raises(UsageError, match="Did you mean 'Trainer'"):
        explained(recorder, "run-1", "Traner")
