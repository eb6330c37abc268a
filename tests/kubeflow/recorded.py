"""What TFX 1.21 makes of `small_pipeline.py`, recorded, so that these tests need no TFX."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from components.settings import to_dict
from kubeflow import document
from kubeflow.adaptation import for_kfp, for_vertex
from kubeflow.platform_spec import platform_spec
from kubeflow.stock import Stock
from pipeline import tasks
from pipeline.kubeflow_config import KubeflowConfig, NodeConfig, SecretVariables, SecretVolume, Toleration, VolumeMount
from pipeline.kubeflow_order import Order

GOLDEN = Path(__file__).parent / "golden"
IMAGE = "registry.local/slipway:1"
CONFIG = KubeflowConfig(
    volumes=(VolumeMount("slipway", "/slipway"), VolumeMount("more", "/more", "inside")),
    secret_variables=(SecretVariables("tracker", {"token": "TRACKER_TOKEN"}),),
    secret_volumes=(SecretVolume("certificates", "/certificates"),),
    image_pull_secrets=("registry",),
    nodes={
        "Trainer": NodeConfig(
            cpu="1500m",
            memory="4Gi",
            gpus=1,
            node_selector={"pool": "gpu"},
            tolerations=(Toleration(key="gpu", operator="Exists", effect="NoSchedule"),),
            retries=0,
        )
    },
)
TASK = replace(tasks.load("taxi"), name="small", kubeflow=CONFIG)


def stock() -> Stock:
    """Returns the recording, free to change."""
    job = json.loads((GOLDEN / "stock.json").read_text())
    return Stock(job, {"greeting": "hello"}, {"slipway.Note": "tests.kubeflow.small_pipeline.Note"})


def order(**changed) -> Order:
    places = {"data_uri": "/slipway/data/small", "push_uri": "/slipway/serving/small"}
    wanted = Order(to_dict(TASK), "kfp", IMAGE, "s3://bucket/root", **places)
    return Order(**{**asdict(wanted), **changed})


ADAPTED = ("kfp.yaml", "vertex.yaml")


def adapted_text(name: str) -> str:
    """Returns what becomes of the recording in a golden file."""
    if name == "vertex.yaml":
        changed = order(target="vertex", pipeline_root="gs://bucket/root", data_uri="gs://bucket/data")
        return document.dump([for_vertex(stock(), changed, TASK)])
    spec = for_kfp(stock(), order(), TASK, "f" * 64)
    return document.dump([spec, platform_spec(CONFIG, spec["deploymentSpec"]["executors"])])
