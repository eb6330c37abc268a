import json

import pytest

from pipeline.lineage import provenance
from pipeline.lineage.graph import Graph
from pipeline.lineage.store import open_store

TRAINING = {"seed": 7, "epochs": 4}


def trained(recorder, **custom):
    [data] = recorder.step(
        "Gen", outputs=[("Examples", "/e", {})], input_base="/my/data", input_fingerprint="one", span="3"
    )
    [schema] = recorder.step("ImportSchemaGen", outputs=[("Schema", "/s", {})], schema_file="/my/schema.pbtxt")
    properties = {"run_fn": "my.module.run_fn", **({"custom_config": json.dumps(custom)} if custom else {})}
    [model] = recorder.step("Trainer", [data, schema], [("Model", "/m", {"tfx_version": "1.21.0"})], **properties)
    return model, Graph.around(open_store(str(recorder.path)), model)


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


@pytest.mark.parametrize("text", ["null", "[1]", "no json", '{"code": null}'])
def test_a_custom_config_of_any_form_is_no_error(recorder, text):
    [model] = recorder.step("Trainer", [], [("Model", "/m", {})], custom_config=text, run_fn="f")
    [source] = provenance.sources(Graph.around(open_store(str(recorder.path)), model), model)
    assert (source.kind, source.what) == ("code", "f")


def test_other_data_and_another_configuration_have_another_digest(recorder):
    first, graph = trained(recorder, training=TRAINING)
    [data] = recorder.step("Gen", outputs=[("Examples", "/e2", {})], input_base="/my/data", input_fingerprint="two")
    config = json.dumps({"training": {**TRAINING, "epochs": 5}})
    [second] = recorder.step("Trainer", [data], [("Model", "/m2", {})], custom_config=config)
    other = Graph.around(open_store(str(recorder.path)), second)
    for kind in ("data", "configuration"):
        digests = [
            next(source.digest for source in provenance.sources(one, model) if source.kind == kind)
            for one, model in ((graph, first), (other, second))
        ]
        assert len(set(digests)) == 2
        assert all(digests)
