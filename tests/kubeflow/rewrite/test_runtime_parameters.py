import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeflow.rewrite import runtime_parameters
from kubeflow.step.executor_input import filled
from tests.kubeflow import recorded


def found(spec):
    return {binding.name: binding for binding in runtime_parameters.bindings(spec, "/data", "abc")}


def test_what_can_be_set_is_found_with_defaults_and_types(stock):
    values = {name: (binding.default, binding.kind) for name, binding in found(stock.spec).items()}

    assert values == {
        "data_uri": ("/data", str),
        "data_fingerprint": ("abc", str),
        "epochs": (4, int),
        "learning_rate": (0.5, float),
        "steps_per_epoch": (9, int),
        "auc_lower": (0.9, float),
        "auc_upper": (0.99, float),
        "auc_min_change_slice": (-0.01, float),
        "push_destination": ("/serving", str),
    }


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"recipe": [{"epochs": 1}]}, {"epochs", "learning_rate"}),
        ({"steps_per_epoch": None}, {"steps_per_epoch"}),
        ({"optimizer": {"learning_rate": {"kind": "cosine"}}}, {"learning_rate"}),
    ],
)
def test_what_is_no_single_value_cannot_be_set(stock, change, missing):
    before = set(found(stock.spec))
    value = stock.spec["root"]["dag"]["tasks"]["Trainer"]["inputs"]["parameters"]["custom_config"]["runtimeValue"]
    config = json.loads(value["constant"])
    value["constant"] = json.dumps({"training": {**config["training"], **change}})

    assert before - set(found(stock.spec)) == missing


def test_no_epochs_in_the_configuration_are_the_trainers_default(stock):
    value = stock.spec["root"]["dag"]["tasks"]["Trainer"]["inputs"]["parameters"]["custom_config"]["runtimeValue"]
    value["constant"] = value["constant"].replace('"epochs": 4', '"epochs": null')

    assert found(stock.spec)["epochs"].default == 10


@given(
    epochs=st.integers(1, 10**6),
    rate=st.floats(allow_nan=False, allow_infinity=False),
    folder=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
def test_values_set_at_submit_time_reach_the_steps(epochs, rate, folder):
    spec = recorded.stock().spec
    spec = runtime_parameters.parametrized(spec, runtime_parameters.bindings(spec, "/data"))

    steps = spec["root"]["dag"]["tasks"]
    values = {"runtime_epochs": epochs, "runtime_learning_rate": rate, "runtime_steps_per_epoch": 3}
    text = filled(steps["Trainer"]["inputs"]["parameters"]["custom_config"]["runtimeValue"]["constant"], values)
    training = json.loads(text)["training"]
    assert training["epochs"] == epochs
    assert training["optimizer"]["learning_rate"] == rate

    text = steps["Pusher"]["inputs"]["parameters"]["push_destination"]["runtimeValue"]["constant"]
    pushed = json.loads(filled(text, {"runtime_push_destination": folder}))
    assert pushed["filesystem"]["base_directory"] == folder


def test_each_task_is_fed_and_the_root_asks_for_it(stock):
    spec = runtime_parameters.parametrized(stock.spec, runtime_parameters.bindings(stock.spec, "/data", "abc"))

    declared = spec["root"]["inputDefinitions"]["parameters"]
    assert declared["learning_rate"] == {"parameterType": "NUMBER_DOUBLE", "defaultValue": 0.5}
    examples = spec["root"]["dag"]["tasks"]["CsvExampleGen"]["inputs"]["parameters"]
    assert examples["input_base"] == {"componentInputParameter": "data_uri"}
    assert examples["data_fingerprint"] == {"componentInputParameter": "data_fingerprint"}
    inside = spec["components"]["Trainer"]["inputDefinitions"]["parameters"]
    assert inside["runtime_epochs"] == {"parameterType": "NUMBER_INTEGER"}
