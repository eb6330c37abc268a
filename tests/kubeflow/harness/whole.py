"""A task's whole pipeline twice over the same data: from its compiled file through an S3 server, and locally."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline.cli import main
from tests.kubeflow.harness.s3_server import CREDENTIALS, Server

MISSING = {"string": "", "float32": float("nan"), "int64": -1}


@dataclass(frozen=True)
class Place:
    """Where the runs of a task are.

    Args:
        task: The task.
        folder: Holds everything.
        s3: The object store.
    """

    task: str
    folder: Path
    s3: Server

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def file(self) -> Path:
        return self.folder / f"{self.task}.yaml"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def serving(self) -> Path:
        return self.folder / "serving"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "volume" / "checkpoints"

    @property
    def metadata(self) -> Path:
        return self.folder / "volume" / "metadata.db"

    @property
    def spec(self) -> dict[str, Any]:
        """The compiled file's first document."""
        return next(yaml.safe_load_all(self.file.read_text()))

    def compile(self, *settings: str) -> None:
        """Compiles the task with the volume in the folder."""
        volume = f"kubeflow.volumes=[{{claim: slipway, path: {self.folder}/volume}}]"
        settings = (volume, f"kubeflow.checkpoints={self.checkpoints}", f"data.path={self.data}", *settings)
        target = ["--image", "image:1", "--pipeline-root", "s3://bucket/root", "-o", str(self.file)]
        assert main(["compile", self.task, *target, *assigned("--set", settings)]) == 0

    def parameters(self, *more: str) -> list[str]:
        return [f"data_uri={self.data}", f"push_destination={self.serving}", *more]

    def kfp_local(self, *parameters: str) -> int:
        """Runs the file as a user does and returns the exit code."""
        options = ["--home", str(self.home), "--endpoint", self.s3.endpoint, "--jobs", "2", "--json"]
        with pytest.MonkeyPatch.context() as patch:
            for name, value in CREDENTIALS.items():
                patch.setenv(name, value)
            return main(["kfp-local", str(self.file), *options, *assigned("--param", self.parameters(*parameters))])

    def locally(self, run_local: Any, *settings: str) -> "Local":
        """Runs the task by the local runner over the same data."""
        home = self.folder / "local"
        done = run_local(self.task, "--home", home, *assigned("--set", [f"data.path={self.data}", *settings]))
        assert done.returncode == 0, done.stderr
        (version,) = versions(home / "serving" / self.task)
        (evaluation,) = (home / "pipelines" / self.task / "Evaluator" / "evaluation").iterdir()
        return Local(version, metrics(evaluation))

    def evaluation(self, run: str) -> dict[tuple, dict[str, float]]:
        """The metrics that the Evaluator of a run has written into the object store."""
        from kubeflow.harness.s3_store import S3Store

        (uri,) = {
            f"s3://bucket/{key.partition('/evaluation/')[0]}/evaluation"
            for key in self.s3.keys(f"root/{self.task}/{run}/evaluator/")
            if "/evaluation/" in key
        }
        S3Store(self.s3.endpoint, uri, CREDENTIALS).download(uri, self.folder / "evaluation" / run)
        return metrics(self.folder / "evaluation" / run)


@dataclass(frozen=True)
class Local:
    """What a local run has made.

    Args:
        version: The folder of the pushed model.
        metrics: What its Evaluator has found, by slice.
    """

    version: Path
    metrics: dict[tuple, dict[str, float]]


def assigned(option: str, values: Any) -> list[str]:
    return [part for value in values for part in (option, value)]


def metrics(evaluation: Path) -> dict[tuple, dict[str, float]]:
    """Slice to metric to value."""
    import tensorflow_model_analysis as tfma

    return {
        slice_key: {
            name: float(value["doubleValue"]) for name, value in outputs[""][""].items() if "doubleValue" in value
        }
        for slice_key, outputs in tfma.load_eval_result(str(evaluation)).slicing_metrics
    }


def versions(serving: Path) -> list[Path]:
    return sorted(path for path in serving.iterdir() if path.name.isdecimal())


def records(data: Path, count: int) -> list[bytes]:
    """Serialized examples of the eval split."""
    import tensorflow as tf

    files = sorted(str(path) for path in data.glob("eval-*"))
    return [record.numpy() for record in tf.data.TFRecordDataset(files, "GZIP").take(count)]


def served(version: Path, examples: list[bytes]) -> dict[str, np.ndarray]:
    """What a pushed model answers to raw rows, as its clients send them."""
    import tensorflow as tf

    signature = tf.saved_model.load(str(version)).signatures["serving_default"]
    features = {
        name: tf.io.FixedLenFeature([], spec.dtype, tf.constant(MISSING[spec.dtype.name], spec.dtype))
        for name, spec in signature.structured_input_signature[1].items()
    }
    rows = tf.io.parse_example(tf.constant(examples), features)
    return {name: value.numpy() for name, value in signature(**rows).items()}


def told(text: str) -> dict[str, Any]:
    """What `kfp-local --json` has printed."""
    return json.loads(text[text.index("{\n") :])
