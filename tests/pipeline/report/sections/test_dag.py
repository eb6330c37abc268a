import pytest

from pipeline.report.material import Material
from pipeline.report.sections import dag


@pytest.fixture
def cards(made_run):
    return {card.node: card for card in dag.section(made_run.material()).facts.cards}


def test_a_node_has_its_parameters_inputs_outputs_and_log(cards):
    card = cards["Trainer"]
    assert ("custom_config.training.seed", "7") in card.parameters
    assert [(key, artifact.type) for key, artifact in card.inputs] == [("in", "Examples")]
    assert [artifact.type for _, artifact in card.outputs] == ["Model", "ModelRun"]
    assert card.log.splitlines()[-1] == "the last line"
    assert (card.state, card.execution, card.taken_from) == ("complete", 2, None)
    assert cards["Gen"].log == ""


def test_code_is_apart_from_what_a_person_sets(recorder):
    recorder.step("Gen", run="r", code='{"modules": {"my.module": "12"}, "versions": {"tfx": "1.21.0"}}', rows=5)
    [card] = dag.section(material(recorder, "r")).facts.cards
    assert card.parameters == (("rows", "5"),)
    assert card.code == (("my.module", "12"), ("tfx", "1.21.0"))


def test_nodes_are_drawn_below_those_that_they_follow(made_run):
    facts = dag.section(made_run.material()).facts
    ends = {(edge.source, edge.target) for edge in facts.drawing.edges}
    assert ends == {
        ("Gen", "Trainer"),
        ("Trainer", "Evaluator"),
        ("Trainer", "ServingCheck"),
        ("Evaluator", "Pusher"),
        ("ServingCheck", "Pusher"),
    }


def test_edges_of_a_store_alone_are_those_of_its_artifacts(recorder):
    [data] = recorder.step("Gen", outputs=[("Examples", "/e", {})], run="r")
    recorder.step("Trainer", [data], run="r")
    assert dag.edges(material(recorder, "r")) == [("Gen", "Trainer")]


def test_a_cached_node_names_the_execution_whose_outputs_it_took(recorder):
    [data] = recorder.step("Gen", outputs=[("Examples", "/e", {})], run="first")
    recorder.step("Gen", outputs=[data], state="cached", run="second")
    [card] = dag.section(material(recorder, "second")).facts.cards
    assert (card.state, card.taken_from) == ("cached", 1)


def test_why_a_node_failed_is_told(recorder):
    result = '{"resultMessage": "The disk is full."}'
    recorder.run("r", [("Gen", "complete"), ("Trainer", "failed")], properties={"__execution_result__": result})
    gen, trainer = dag.section(material(recorder, "r")).facts.cards
    assert (gen.message, trainer.message) == (None, "The disk is full.")


def test_a_long_parameter_is_cut_and_says_so(recorder):
    recorder.step("Gen", run="r", module="x" * 5000)
    [card] = dag.section(material(recorder, "r")).facts.cards
    [(_, value)] = card.parameters
    assert value.endswith("xx … and 1000 more characters")


def material(recorder, run):
    store = recorder.opened()
    return Material(store, store.run(run))
