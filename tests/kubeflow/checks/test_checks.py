"""Stock IR is refused, row by row of what the facts list; the adapted one is not; single faults are found."""

import copy

import pytest

from components.errors import UsageError
from kubeflow import checks
from kubeflow.platform_spec import platform_spec
from tests.kubeflow import recorded


def rules(spec, node=None, platform=None):
    return {item.rule for item in checks.find(spec, platform) if node is None or item.node == node}


def test_what_is_adapted_passes(adapted):
    platform = platform_spec(recorded.CONFIG, adapted["deploymentSpec"]["executors"])

    assert checks.find(adapted, platform) == []
    checks.require(adapted, platform)


def test_the_job_that_tfx_writes_is_no_pipeline_spec(stock):
    assert rules(stock.job) == {"The file must hold a PipelineSpec."}


@pytest.mark.parametrize(
    ("node", "rule"),
    [
        ("pipeline", "A runtime parameter must have a default, be optional, or be given by whoever submits."),
        ("Resolver-model-resolver", "A task must be a container or an importer: KFP implements nothing else."),
        ("previous_statistics", "A task must be a container or an importer: KFP implements nothing else."),
        ("previous_statistics", "A task's name must be letters, digits and `-`."),
        ("Compare", "The producer of an input must be a task of the same DAG."),
        ("Trainer", "The type of an artifact must be given by its title: KFP hands on an empty schema."),
        (
            "Trainer",
            "A step must not run TFX's own entry point: it opens URIs without a file system and needs types.",
        ),
        ("CsvExampleGen", "ExampleGen's driver must run in the step: KFP ignores `lifecycle`."),
        ("CsvExampleGen", "A cached step that reads the data must have their fingerprint among its inputs."),
        ("Pusher", "A condition must be about an input of its task."),
    ],
)
def test_stock_is_refused(stock, node, rule):
    assert rule in rules(stock.spec, node)


def test_the_default_schema_is_refused(stock):
    assert "The schema must have version 2.1.0." in rules({**stock.spec, "schemaVersion": "2.0.0"})


def test_the_error_names_node_and_rule_and_who_refuses(stock):
    with pytest.raises(UsageError) as error:
        checks.require(stock.spec)

    text = str(error.value)
    assert text.startswith("A runtime parameter must have a default")
    assert "Received: pipeline: greeting without one (" in text
    assert "v2_template.go:475" in text


def steps(spec):
    return spec["components"]["comp-pipeline"]["dag"]["tasks"]


def executor(spec, name):
    return spec["deploymentSpec"]["executors"][f"exec-{name}"]


def _name(spec):
    spec["pipelineInfo"]["name"] = "Taxi_1"


def _field(spec):
    spec["root"]["dags"] = {}


def _depends(spec):
    steps(spec)["trainer"]["dependentTasks"].append("nobody")


def _output(spec):
    steps(spec)["trainer"]["inputs"]["artifacts"]["examples"]["taskOutputArtifact"]["outputArtifactKey"] = "rows"


def _type(spec):
    spec["components"]["comp-compare"]["inputDefinitions"]["parameters"]["rows"]["parameterType"] = "STRING"


def _cycle(spec):
    steps(spec)["count"]["dependentTasks"] = ["compare"]


def _component(spec):
    steps(spec)["trainer"]["componentRef"]["name"] = "comp-nobody"


def _executor(spec):
    spec["components"]["comp-trainer"]["executorLabel"] = "exec-nobody"


def _long(spec):
    steps(spec)["a" * 129] = copy.deepcopy(steps(spec)["trainer"])


def _twice(spec):
    steps(spec)["exit-handler"] = copy.deepcopy(steps(spec)["trainer"])


def _placeholder(spec):
    executor(spec, "trainer")["container"]["args"].append("{{$.inputs.artifacts['model'].value}}")


def _image(spec):
    executor(spec, "trainer")["container"]["image"] = ""


def _importer(spec, uri="/data/model"):
    spec["deploymentSpec"]["executors"]["exec-trainer"] = {"importer": {"artifactUri": {"constant": uri}}}


def _conditional_importer(spec):
    _importer(spec, "s3://bucket/model")
    steps(spec)["trainer"]["triggerPolicy"] = {"condition": "true"}


def _limit(spec):
    executor(spec, "trainer")["container"]["resources"]["resourceMemoryLimit"] = "lots"


@pytest.mark.parametrize(
    ("fault", "node", "rule"),
    [
        (_name, "pipeline", "A pipeline's name must be small letters"),
        (_field, "pipeline", "The file must hold a PipelineSpec."),
        (_depends, "trainer", "The producer of an input must be a task"),
        (_output, "trainer", "An input must be an output of its producer."),
        (_type, "compare", "A parameter must have the type"),
        (_cycle, "compare", "Tasks must not wait for each other."),
        (_component, "trainer", "A task must have a component."),
        (_executor, "trainer", "A component must have an executor."),
        (_long, "a" * 129, "A task's name must have 128 characters"),
        (_twice, "exit-handler", "A task's name must be the only one"),
        (_placeholder, "trainer", "A placeholder must be one"),
        (_image, "trainer", "A container must have an image."),
        (_importer, "trainer", "An importer's URI must begin with"),
        (_importer, "trainer", "An importer must have one output."),
        (_conditional_importer, "trainer", "An importer must not have a condition."),
        (_limit, "exec-trainer", "A limit must be written as in"),
    ],
)
def test_a_single_fault_is_found(adapted, fault, node, rule):
    spec = copy.deepcopy(adapted)
    fault(spec)

    found = checks.find(spec)

    assert [item for item in found if item.node == node and item.rule.startswith(rule)], found


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"pvcMount": [{"constant": "data", "mountPath": "data"}]}, "A mount path must be absolute"),
        ({"pvcMount": [{"constant": "Data!", "mountPath": "/data"}]}, "The name of a claim or a secret"),
        ({"imagePullSecret": [{"secretName": ""}]}, "The name of a claim or a secret"),
        ({"pvcMounts": []}, "The platform document must hold"),
    ],
)
def test_a_fault_in_the_platform_document_is_found(adapted, config, rule):
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-trainer": config}}}}}

    assert [item for item in checks.find(adapted, platform) if item.rule.startswith(rule)]


def test_the_platform_document_names_executors_that_exist(adapted):
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-nobody": {}}}}}}

    assert rules(adapted, "exec-nobody", platform) == {"The platform document must name executors of the pipeline."}
