from kubeflow.rewrite import artifact_types, conditions


def pusher(spec):
    return spec["root"]["dag"]["tasks"]["Pusher"]


def test_a_condition_names_the_input_of_its_own_task(stock):
    spec = conditions.with_known_keys(stock.spec)

    assert pusher(spec)["triggerPolicy"]["condition"] == (
        "(inputs.artifacts['model_blessing'].artifacts[0].metadata['blessed'] == 1.0)"
    )


def test_a_key_that_nothing_feeds_stays_for_the_check_to_find(stock):
    pusher(stock.spec)["triggerPolicy"]["condition"] = "inputs.artifacts['_Nobody.x'].artifacts[0].metadata['a'] == 1.0"

    assert "_Nobody.x" in pusher(conditions.with_known_keys(stock.spec))["triggerPolicy"]["condition"]


def test_what_takes_blessings_waits_for_each_of_them(stock):
    del pusher(stock.spec)["triggerPolicy"]
    kind = {"artifactType": {"schemaTitle": "tfx.InfraBlessing"}}
    stock.spec["components"]["Pusher"]["inputDefinitions"]["artifacts"]["infra_blessing"] = kind

    spec = conditions.gated(stock.spec)

    assert pusher(spec)["triggerPolicy"]["condition"] == (
        "inputs.artifacts['infra_blessing'].artifacts[0].metadata['blessed'] == 1.0 && "
        "inputs.artifacts['model_blessing'].artifacts[0].metadata['blessed'] == 1.0"
    )
    assert "triggerPolicy" not in spec["root"]["dag"]["tasks"]["Evaluator"]
    assert "triggerPolicy" not in spec["root"]["dag"]["tasks"]["Resolver-model-resolver"]


def test_a_condition_of_the_pipeline_is_not_said_twice_and_not_lost(stock):
    known = conditions.with_known_keys(stock.spec)
    own = pusher(known)["triggerPolicy"]["condition"]

    assert pusher(conditions.gated(known))["triggerPolicy"]["condition"] == own

    other = "inputs.artifacts['model'].artifacts[0].metadata['a'] == 1.0"
    pusher(known)["triggerPolicy"]["condition"] = other
    gated = pusher(conditions.gated(known))["triggerPolicy"]["condition"]
    assert gated.startswith(f"{other} && ")
    assert "model_blessing" in gated


def test_types_are_given_by_title_everywhere(stock):
    spec = artifact_types.titles(stock.spec)

    assert "instanceSchema" not in str({**spec, "deploymentSpec": None})
    outputs = spec["components"]["Compare"]["outputDefinitions"]["artifacts"]
    assert outputs["note"]["artifactType"] == {"schemaTitle": "slipway.Note", "schemaVersion": "0.0.1"}
