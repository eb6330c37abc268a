"""What becomes of TFX's output, whole, against golden files; `python -m tests.kubeflow.record` writes them anew."""

import copy
from dataclasses import replace

import pytest

from components.errors import UsageError
from pipeline.kubeflow_config import KubeflowConfig, NodeConfig
from tests.kubeflow import recorded


@pytest.mark.parametrize("name", recorded.ADAPTED)
def test_the_adapted_pipeline_is_the_golden_one(name):
    assert recorded.adapted_text(name) == (recorded.GOLDEN / name).read_text()


@pytest.mark.parametrize("name", recorded.ADAPTED)
def test_the_same_input_gives_the_same_bytes(name):
    assert recorded.adapted_text(name) == recorded.adapted_text(name)


def test_adapting_leaves_what_tfx_has_compiled_alone(stock):
    from kubeflow.adaptation import for_kfp, for_vertex

    before = copy.deepcopy(stock)
    for_kfp(stock, recorded.order(), recorded.TASK, None)
    for_vertex(stock, recorded.order(target="vertex"), recorded.TASK)

    assert stock == before


def test_vertex_keeps_what_it_supplies_itself(stock):
    from kubeflow.adaptation import for_vertex

    spec = for_vertex(stock, recorded.order(target="vertex"), recorded.TASK)

    executors = spec["deploymentSpec"]["executors"]
    assert sum("resolver" in executor for executor in executors.values()) == 3
    assert "preCacheCheck" in executors["CsvExampleGen_executor"]["container"]["lifecycle"]
    assert "--run_driver" not in executors["CsvExampleGen_executor"]["container"]["args"]
    assert "instanceSchema" in str(spec["components"])
    assert spec["root"]["dag"]["tasks"].keys() == stock.spec["root"]["dag"]["tasks"].keys()


def test_without_a_fingerprint_what_reads_the_data_is_never_cached(stock):
    from kubeflow.adaptation import for_kfp

    spec = for_kfp(stock, recorded.order(), recorded.TASK, None)

    steps = spec["components"]["comp-pipeline"]["dag"]["tasks"]
    assert "cachingOptions" not in steps["csv-example-gen"]
    assert steps["statistics-gen"]["cachingOptions"] == {"enableCache": True}
    assert "data_fingerprint" not in spec["root"]["inputDefinitions"]["parameters"]


def test_without_a_baseline_nothing_reads_or_writes_a_pointer(stock):
    from kubeflow import checks
    from kubeflow.adaptation import for_kfp

    spec = for_kfp(stock, recorded.order(baseline="none"), recorded.TASK, None)

    steps = spec["components"]["comp-pipeline"]["dag"]["tasks"]
    assert not [name for name in steps if "resolver" in name or "previous" in name]
    assert "baseline_model" not in steps["evaluator"]["inputs"]["artifacts"]
    assert "--publish" not in str(spec["deploymentSpec"]["executors"]["exec-pusher"])
    assert checks.find(spec) == []


def test_a_node_that_does_not_exist_is_named(stock):
    from kubeflow.adaptation import check_nodes

    check_nodes(stock, recorded.TASK)
    misspelt = replace(recorded.TASK, kubeflow=KubeflowConfig(nodes={"Trainor": NodeConfig()}))

    with pytest.raises(UsageError, match=r"Received: Trainor\. Did you mean 'Trainer'\?"):
        check_nodes(stock, misspelt)
