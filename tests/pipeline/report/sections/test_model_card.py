import json

import pytest

from pipeline.report.material import Material
from pipeline.report.sections import model_card


@pytest.fixture
def card(made_run):
    return model_card.section(made_run.material()).facts


def test_what_the_model_is_and_was_made_of(card):
    assert card.task == "Will the tip be big?"
    assert (card.model.type, card.verdict, card.forced, card.seed) == ("PushedModel", "forced", "They wait", 7)
    assert {source.kind for source in card.sources} == {"data", "code", "configuration"}


def test_what_it_takes_and_says(card):
    assert [(port.name, port.type) for port in card.inputs] == [
        ("fare", "float32 [None]"),
        ("company", "string [None]"),
    ]
    assert [(port.name, port.type) for port in card.outputs] == [("probability", "float32")]


def test_which_inputs_may_be_missing(made_run):
    folder = made_run.home.root / "pipelines" / "Model" / "Format-Serving" / "assets.extra"
    folder.mkdir(parents=True)
    fare = {"kind": None, "optional": False, "missing": None, "several": False}
    company = {"kind": "text", "optional": True, "missing": "", "several": False}
    text = json.dumps({"inputs": {"fare": fare, "company": company}, "classes": ["no", "yes"]})
    (folder / "slipway.json").write_text(text)
    card = model_card.section(made_run.material()).facts
    assert [port.absent for port in card.inputs] == ["must be there", 'text; may be missing: "" stands for it']
    assert card.classes == ("no", "yes")
    assert "It gives no answer without fare." in card.limits


def test_limits_are_what_the_run_has_found(card):
    assert card.limits == (
        "Its metrics are over 50 examples.",
        "It misses a threshold: AUC=0.91 (>= 0.95).",
        "Not judged where hour=3: too few.",
        "ServingCheck did not check equals the Trainer's over REST: no server.",
        "ServingCheck: rule: seen (allowed: allowed).",
    )


def test_a_store_of_another_project_says_what_nobody_has_noted(recorder):
    recorder.step("Trainer", outputs=[("Model", "/gone", {})], run="r")
    store = recorder.opened()
    card = model_card.section(Material(store, store.run("r"))).facts
    assert (card.verdict, card.metrics, card.inputs, card.limits) == ("not judged", (), (), ())
    assert "a verdict on its metrics" in card.missing
    assert "what it takes and says" in card.missing
    assert "the versions of the libraries" in card.missing


def test_a_run_without_a_model_has_no_card(recorder):
    recorder.run("r", [("Gen", "complete")])
    store = recorder.opened()
    assert model_card.section(Material(store, store.run("r"))) is None
