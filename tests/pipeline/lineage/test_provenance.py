import json

import pytest

from pipeline.lineage import provenance

TRAINING = {"seed": 7, "epochs": 4}


def trained(recorder, **custom):
    [data] = recorder.step(
        "Gen", outputs=[("Examples", "/e", {})], input_base="/my/data", input_fingerprint="one", span="3"
    )
    [schema] = recorder.step("ImportSchemaGen", outputs=[("Schema", "/s", {})], schema_file="/my/schema.pbtxt")
    properties = {"run_fn": "my.module.run_fn", **({"custom_config": json.dumps(custom)} if custom else {})}
    [model] = recorder.step("Trainer", [data, schema], [("Model", "/m", {"tfx_version": "1.21.0"})], **properties)
    return model, recorder.opened().graph(model)


def test_data_schema_code_configuration_and_version_are_named(recorder):
    model, graph = trained(recorder, code="abcdef0123456789", training=TRAINING)
    found = {source.kind: source for source in provenance.sources(graph, model)}
    assert (found["data"].of, found["data"].what) == ("Gen", "/my/data, span 3")
    assert found["schema"].what == "/my/schema.pbtxt"
    assert (found["code"].what, found["code"].digest) == ("my.module.run_fn", "abcdef012345")
    assert (found["configuration"].of, found["configuration"].what) == ("Trainer", "training, seed 7")
    assert found["versions"].what == "TFX 1.21.0"
    assert provenance.training(graph, model) == TRAINING


def test_a_store_of_another_project_says_what_it_can(recorder):
    model, graph = trained(recorder)
    found = {source.kind: source for source in provenance.sources(graph, model)}
    assert set(found) == {"data", "schema", "code", "versions"}
    assert found["code"].digest == ""
    assert provenance.training(graph, model) == {}
    assert provenance.lacks(provenance.sources(graph, model)) == [
        "a digest of the code: TFX itself notes the names of functions",
        "the configuration and the seed of the training",
    ]


def test_the_code_is_told_with_the_libraries_it_ran_on(recorder):
    code = {"modules": {"my.module": "ab"}, "versions": {"tensorflow": "2.21.0", "keras": "3.15.0"}}
    [data] = recorder.step(
        "Gen", outputs=[("Examples", "/e", {})], code=json.dumps({**code, "versions": {"tfx": "1.0"}})
    )
    [model] = recorder.step("Trainer", [data], [("Model", "/m", {})], run_fn="f", code=json.dumps(code))
    found = {source.kind: source for source in provenance.sources(recorder.opened().graph(model), model)}
    assert found["versions"].what == "keras 3.15.0, tensorflow 2.21.0"
    assert (found["code"].what, len(found["code"].digest)) == ("f", 12)


@pytest.mark.parametrize("text", ["null", "[1]", "no json", '{"code": null}'])
def test_a_custom_config_of_any_form_is_no_error(recorder, text):
    [model] = recorder.step("Trainer", [], [("Model", "/m", {})], custom_config=text, run_fn="f")
    [source] = provenance.sources(recorder.opened().graph(model), model)
    assert (source.kind, source.what) == ("code", "f")


def test_other_data_and_another_configuration_have_another_digest(recorder):
    first, graph = trained(recorder, training=TRAINING)
    [data] = recorder.step("Gen", outputs=[("Examples", "/e2", {})], input_base="/my/data", input_fingerprint="two")
    config = json.dumps({"training": {**TRAINING, "epochs": 5}})
    [second] = recorder.step("Trainer", [data], [("Model", "/m2", {})], custom_config=config)
    other = recorder.opened().graph(second)
    for kind in ("data", "configuration"):
        digests = [
            next(source.digest for source in provenance.sources(one, model) if source.kind == kind)
            for one, model in ((graph, first), (other, second))
        ]
        assert len(set(digests)) == 2
        assert all(digests)


def test_a_model_that_was_blessed_by_force_says_why_and_the_one_it_was_compared_with_does_not(recorder):
    [before] = recorder.step("Trainer", [], [("Model", "/m1", {})])
    [model] = recorder.step("Trainer", [], [("Model", "/m2", {})])
    told = {"blessed": 1, "current_model_id": model, "force_bless_reason": "late labels"}
    [blessing] = recorder.step("Evaluator", [model, before], [("ModelBlessing", "/b", told)])
    [pushed] = recorder.step("Pusher", [model, blessing], [("PushedModel", "/p", {})])
    found = [provenance.forced(recorder.opened().graph(number), number) for number in (before, model, pushed)]
    assert found == [None, "late labels", "late labels"]
