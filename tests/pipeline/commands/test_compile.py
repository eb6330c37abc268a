"""slipway compile: what it refuses at once, and what it writes."""

import importlib.metadata

import pytest
import yaml

from pipeline.cli import main

KFP = ["compile", "taxi", "--image", "registry.local/slipway:1", "--pipeline-root", "s3://bucket/root"]
VERTEX = ["compile", "taxi", "--target", "vertex", "--image", "eu.gcr.io/x/slipway", "--pipeline-root", "gs://b/root"]


@pytest.mark.parametrize(
    ("args", "rule", "received"),
    [
        (["--image", "my image"], "`--image` must be the name of an image.", "my image"),
        (["--pipeline-root", "/root"], "`--pipeline-root` must begin with s3://, gs://, minio://.", "/root"),
        (["--data", "/elsewhere"], "`--data` must be a folder in a mounted volume.", "/elsewhere; mounted: /slipway"),
        (["--data", "s3://b/d"], "`--data` must be a folder in a mounted volume.", "s3://b/d; mounted: /slipway"),
        (
            ["--set", "push.directory=/serving"],
            "`push.directory` must be a folder in a mounted volume.",
            "/serving; mounted: /slipway",
        ),
        (
            ["--set", "kubeflow.volumes=[]", "--data", "gs://b/d", "--set", "push.directory=/a"],
            "`push.directory` must be a folder in a mounted volume.",
            "/a; mounted: nothing",
        ),
        (
            ["--set", "kubeflow.checkpoints=/tmp/x"],
            "`kubeflow.checkpoints` must be a folder in a mounted volume.",
            "/tmp/x; mounted: /slipway",
        ),
        (
            ["--set", "kubeflow.nodes.Trainer.memory=lots"],
            "`kubeflow.nodes.Trainer.memory` must be written as in 512Mi or 4Gi.",
            "memory=lots",
        ),
        (["--set", "kubeflow.default.cpu=-1"], "`kubeflow.default.cpu` must be written as in 500m or 2.", "cpu=-1"),
        (["--set", "kubeflow.retries=-1"], "`kubeflow.retries` must be at least 0.", "retries=-1"),
        (
            ["--set", "kubeflow.nodes.Trainer.gpus=-1"],
            "`kubeflow.nodes.Trainer.gpus` must be at least 0.",
            "gpus=-1",
        ),
        (["--set", "kubeflow.retry=1"], "An override must name a value that exists.", "kubeflow.retry"),
    ],
)
def test_what_cannot_work_is_refused_before_tensorflow_is_loaded(capsys, args, rule, received):
    assert main([*KFP, *args]) == 2
    assert capsys.readouterr().err.startswith(f"error: {rule} Received: {received}.")


def test_vertex_wants_everything_in_a_bucket(capsys):
    assert main([*VERTEX, "--data", "/slipway/data"]) == 2
    assert capsys.readouterr().err == "error: `--data` must begin with gs://. Received: /slipway/data.\n"


def test_a_missing_sdk_is_named_with_the_command_that_brings_it(capsys, monkeypatch):
    def distribution(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)

    assert main(KFP) == 2
    assert capsys.readouterr().err == (
        "error: Compiling for Kubeflow needs the KFP SDK. Received: no kfp in this environment. "
        "`make install` brings it; elsewhere `pip install kfp kfp-kubernetes`.\n"
    )


@pytest.mark.slow
def test_a_task_is_compiled_for_both_targets_and_always_into_the_same_bytes(capsys, tmp_path):
    from tests.pipeline import record_files  # It imports TensorFlow.

    for name in ("train-0.gz", "eval-0.gz"):
        record_files.write(tmp_path / "data" / name, record_files.rows(3))
    local = ["--set", f"data.path={tmp_path / 'data'}", "--set", "kubeflow.nodes.Trainer.gpus=1"]
    assert main([*KFP, *local, "-o", str(tmp_path / "kfp.yaml")]) == 0
    assert "/slipway/data/taxi" in capsys.readouterr().out
    assert main([*KFP, *local]) == 0
    text = capsys.readouterr().out
    assert main([*VERTEX, "-o", str(tmp_path / "vertex.yaml")]) == 0

    assert text == (tmp_path / "kfp.yaml").read_text()
    assert str(tmp_path) not in text
    spec, platform = yaml.safe_load_all(text)
    assert len(spec["root"]["inputDefinitions"]["parameters"]["data_fingerprint"]["defaultValue"]) == 64
    steps = spec["components"]["comp-pipeline"]["dag"]["tasks"]
    schema = steps["import-schema-gen"]["inputs"]["parameters"]["schema_file"]["runtimeValue"]["constant"]
    assert schema == "schemas/taxi/schema.pbtxt"
    assert "'model_blessing'" in steps["pusher"]["triggerPolicy"]["condition"]
    mounts = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(mounts) == set(spec["deploymentSpec"]["executors"])
    assert mounts["exec-trainer"]["pvcMount"] == [{"constant": "slipway", "mountPath": "/slipway"}]
    assert spec["deploymentSpec"]["executors"]["exec-trainer"]["container"]["resources"]["accelerator"]["count"] == "1"
    (job,) = yaml.safe_load_all((tmp_path / "vertex.yaml").read_text())
    assert job["defaultPipelineRoot"] == "gs://b/root"
    assert job["root"]["inputDefinitions"]["parameters"]["data_uri"]["defaultValue"] == "gs://b/root/data/taxi"
