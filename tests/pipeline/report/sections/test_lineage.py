from pipeline.report.material import Material
from pipeline.report.sections import lineage


def test_the_model_is_drawn_down_to_what_was_given(made_run):
    facts = lineage.section(made_run.material()).facts
    kinds = {(item.kind, item.title) for item in facts.items.values()}
    assert ("artifact", "PushedModel") in kinds
    assert {("source", "data"), ("source", "code"), ("source", "configuration")} <= kinds
    assert {title for kind, title in kinds if kind == "execution"} == {
        "Gen",
        "Trainer",
        "Evaluator",
        "ServingCheck",
        "Pusher",
    }
    ends = {(facts.items[edge.source].title, facts.items[edge.target].title) for edge in facts.drawing.edges}
    assert {("data", "Gen"), ("Gen", "Examples"), ("Examples", "Trainer"), ("Pusher", "PushedModel")} <= ends
    assert facts.missing == ("the schema's file", "the versions of the libraries")


def test_of_a_model_that_was_not_pushed_what_was_made_of_it_is_told(recorder):
    [model] = recorder.step("Trainer", outputs=[("Model", "/m", {})], run="r")
    recorder.step("Evaluator", [model], [("ModelBlessing", "/b", {})], run="r")
    store = recorder.opened()
    facts = lineage.section(Material(store, store.run("r"))).facts
    assert (facts.of.type, [made.type for made in facts.made]) == ("Model", ["ModelBlessing"])


def test_a_lineage_with_too_many_boxes_is_a_table_only(recorder, monkeypatch):
    monkeypatch.setattr(lineage, "_MOST_DRAWN", 4)
    data = [recorder.step("Gen", outputs=[("Examples", f"/e/{number}", {})])[0] for number in range(2)]
    recorder.step("Trainer", data, [("Model", "/m", {})], run="r")
    store = recorder.opened()
    facts = lineage.section(Material(store, store.run("r"))).facts
    assert facts.drawing is None
    assert len(facts.executions) == 3
