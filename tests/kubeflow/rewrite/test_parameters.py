from kubeflow.rewrite import parameters


def test_defaults_come_back_and_what_is_there_stays(stock):
    spec = stock.spec
    spec["root"]["inputDefinitions"]["parameters"]["other"] = {"parameterType": "STRING", "defaultValue": "own"}

    found = parameters.with_defaults(spec, {"greeting": "hello", "other": "ours"})["root"]["inputDefinitions"]

    assert found["parameters"]["greeting"] == {"parameterType": "STRING", "defaultValue": "hello"}
    assert found["parameters"]["other"]["defaultValue"] == "own"


def test_a_parameter_without_default_gets_none(stock):
    found = parameters.with_defaults(stock.spec, {"greeting": None})["root"]["inputDefinitions"]["parameters"]

    assert "defaultValue" not in found["greeting"]


def test_a_computed_parameter_names_its_producer_and_has_its_type(stock):
    spec = parameters.with_producers(stock.spec)

    source = spec["root"]["dag"]["tasks"]["Compare"]["inputs"]["parameters"]["rows"]["taskOutputParameter"]
    assert source["producerTask"] == "Count"
    assert spec["components"]["Compare"]["inputDefinitions"]["parameters"]["rows"] == {
        "parameterType": "NUMBER_INTEGER"
    }


def test_a_task_that_is_really_called_so_keeps_its_name(stock):
    steps = stock.spec["root"]["dag"]["tasks"]
    steps["Count_task"] = steps.pop("Count")

    spec = parameters.with_producers(stock.spec)

    source = spec["root"]["dag"]["tasks"]["Compare"]["inputs"]["parameters"]["rows"]["taskOutputParameter"]
    assert source["producerTask"] == "Count_task"
