"""Names, retries, resources, commands, paths, caching and the exit handler."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeflow.checks import argo, compiler
from kubeflow.rewrite import (
    artifact_types,
    caching,
    commands,
    exit_handler,
    names,
    parameters,
    project_paths,
    resources,
    retries,
)
from pipeline.kubeflow_config import NodeConfig


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,40}", fullmatch=True))
def test_any_node_id_becomes_a_name_that_argo_takes(name):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", names.kebab(name))
    assert names.kebab(names.kebab(name)) == names.kebab(name)


def test_renaming_keeps_every_reference(stock):
    spec = names.renamed(parameters.with_producers(stock.spec))

    assert argo.find(spec) == []
    assert {item.rule for item in compiler.find(spec)} == {
        "A task must be a container or an importer: KFP implements nothing else."
    }
    assert set(spec["deploymentSpec"]["executors"]) == {
        value["executorLabel"] for value in spec["components"].values() if "executorLabel" in value
    }


def test_containers_are_started_again_and_nothing_else_is(stock):
    spec = retries.with_retries(stock.spec, lambda name: 0 if name == "Trainer" else 3)

    steps = spec["root"]["dag"]["tasks"]
    assert steps["Evaluator"]["retryPolicy"]["maxRetryCount"] == 3
    assert "retryPolicy" not in steps["Trainer"]
    assert "retryPolicy" not in steps["previous_statistics"]


def test_limits_are_said_both_ways(stock):
    node = NodeConfig(cpu="500m", memory="2Gi", gpus=2, gpu_type="amd.com/gpu")

    spec = resources.with_resources(stock.spec, lambda name: node if name == "Trainer" else NodeConfig())

    executors = spec["deploymentSpec"]["executors"]
    assert executors["Trainer_executor"]["container"]["resources"] == {
        "cpuLimit": 0.5,
        "resourceCpuLimit": "500m",
        "memoryLimit": pytest.approx(2.147483648),
        "resourceMemoryLimit": "2Gi",
        "accelerator": {"type": "amd.com/gpu", "count": "2", "resourceType": "amd.com/gpu", "resourceCount": "2"},
    }
    assert "resources" not in executors["Evaluator_executor"]["container"]


def test_steps_run_our_entry_point_and_know_their_inputs(stock):
    spec = commands.with_entrypoint(artifact_types.titles(stock.spec), stock.classes, ["--pipeline=small"])
    spec = commands.with_inputs_spec(spec)

    container = spec["deploymentSpec"]["executors"]["Compare_executor"]["container"]
    assert container["command"] == ["python", "-m", "pipeline.kubeflow_code", "entrypoint"]
    assert container["args"][:2] == ["--node=Compare", "--pipeline=small"]
    told = json.loads(container["args"][container["args"].index(commands.INPUTS_SPEC) + 1])
    assert told == spec["components"]["Compare"]["inputDefinitions"]
    assert told["artifacts"]["previous"]["artifactType"]["schemaTitle"] == "tfx.ExampleStatistics"
    reading = spec["deploymentSpec"]["executors"]["CsvExampleGen_executor"]["container"]
    assert "--run_driver" in reading["args"]
    assert "lifecycle" not in reading


def test_files_of_the_project_are_named_by_their_place_in_it(stock):
    values = stock.spec["root"]["dag"]["tasks"]["CsvExampleGen"]["inputs"]["parameters"]
    values["input_base"]["runtimeValue"]["constant"] = "/somewhere/project/schemas/x"

    spec = project_paths.relative(stock.spec, Path("/somewhere/project"))

    values = spec["root"]["dag"]["tasks"]["CsvExampleGen"]["inputs"]["parameters"]
    assert values["input_base"]["runtimeValue"]["constant"] == "schemas/x"


def test_what_reads_the_data_is_known_before_and_after_the_command_changes(stock):
    assert caching.reading_data(stock.spec) == ["CsvExampleGen"]
    assert caching.reading_data(commands.with_entrypoint(stock.spec, {})) == ["CsvExampleGen"]


def test_the_exit_handler_runs_after_everything_and_hears_how_it_ended(stock):
    spec = exit_handler.with_exit_handler(stock.spec, "image:1", "greeting")

    steps = spec["root"]["dag"]["tasks"]
    assert set(steps) == {"Pipeline", "ExitHandler"}
    assert steps["ExitHandler"]["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    assert steps["ExitHandler"]["dependentTasks"] == ["Pipeline"]
    status = steps["ExitHandler"]["inputs"]["parameters"]["final_status"]
    assert status == {"taskFinalStatus": {"producerTask": "Pipeline"}}
    inner = spec["components"]["Pipeline"]
    assert inner["dag"]["tasks"].keys() == stock.spec["root"]["dag"]["tasks"].keys()
    assert inner["inputDefinitions"] == spec["root"]["inputDefinitions"]
    assert steps["Pipeline"]["inputs"]["parameters"] == {"greeting": {"componentInputParameter": "greeting"}}
