"""What a compiled file says about the metadata store, and what it must not say."""

import json
from dataclasses import replace

import pytest

from components.errors import UsageError
from pipeline import kubeflow_order
from pipeline.kubeflow_config import KubeflowConfig, NodeConfig, VolumeMount
from tests.kubeflow import recorded


def compiled(stock, **config):
    from kubeflow.adaptation import for_kfp

    task = replace(recorded.TASK, kubeflow=replace(recorded.CONFIG, **config))
    components = {"Trainer": "components.trainer.component.Trainer", "Gone": "a.Gone"}
    spec = for_kfp(replace(stock, components=components), recorded.order(), task, None)
    executors = spec["deploymentSpec"]["executors"]
    return {name: executor["container"]["args"] for name, executor in executors.items()}


def test_every_step_leaves_a_record_and_the_last_one_writes_them(stock):
    found = compiled(stock, metadata="/slipway/metadata.db")

    records = "--records=/slipway/records/small"
    assert [name for name, args in found.items() if records not in args] == []
    assert "--component=components.trainer.component.Trainer" in found["exec-trainer"]
    assert "--metadata=/slipway/metadata.db" in found["exec-exit-handler"]
    nodes = json.dumps({"Trainer": "components.trainer.component.Trainer"})
    assert f"--nodes={nodes}" in found["exec-exit-handler"]


def test_without_a_store_nothing_is_recorded(stock):
    found = compiled(stock, metadata=None)

    assert not [args for args in found.values() if "--records" in str(args) or "--metadata" in str(args)]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"metadata": "/elsewhere/metadata.db"}, "`kubeflow.metadata` must be a file in a mounted volume."),
        ({"metadata": "metadata.db"}, "`kubeflow.metadata` must be a file in a mounted volume."),
        ({"metadata": "mysql://me:hidden@db/slipway"}, "The URL of a metadata store holds no password."),
        ({"metadata": "oracle://me@db/slipway"}, "A metadata store is SQLite, MySQL or PostgreSQL."),
    ],
)
def test_a_store_that_a_pod_could_not_reach_is_refused(config, message):
    with pytest.raises(UsageError) as error:
        kubeflow_order.check(recorded.order(), replace(recorded.CONFIG, **config))

    assert message in str(error.value)
    assert "hidden" not in str(error.value)


def test_a_server_needs_a_volume_for_the_records():
    server = KubeflowConfig(metadata="mysql://me@db/slipway")
    kubeflow_order.check(recorded.order(), server)
    assert server.records_of("taxi") == "/slipway/records/taxi"

    order = recorded.order(data_uri="gs://bucket/data")
    with pytest.raises(UsageError):
        kubeflow_order.check(order, replace(server, volumes=(), checkpoints=None))
    assert replace(server, volumes=()).records_of("taxi") is None


def test_the_same_data_are_not_refused_twice():
    config = KubeflowConfig(retries=4, default=NodeConfig(retries=3), volumes=(VolumeMount("a", "/a"),))

    assert [config.retries_of(node) for node in ("DataGate", "Trainer")] == [0, 3]
    assert replace(config, nodes={"DataGate": NodeConfig(memory="1Gi")}).retries_of("DataGate") == 0
    assert replace(config, nodes={"DataGate": NodeConfig(retries=1)}).retries_of("DataGate") == 1
