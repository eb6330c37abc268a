"""A model that says `scale * x`, eight examples, and the real executor over them."""

import json
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import json_utils, proto_utils

from components.evaluator import plots
from components.evaluator import verdict as verdicts
from components.evaluator.config import EvaluationConfig
from components.evaluator.eval_config import eval_config
from components.evaluator.executor import Executor
from components.settings import to_dict
from pipeline.config import RunnerConfig
from pipeline.tf_example import example

WRONG = float("nan")


@dataclass(frozen=True)
class Evaluated:
    """The verdict, the blessing that ML Metadata would get, and the plots."""

    verdict: verdicts.Verdict
    blessing: standard_artifacts.ModelBlessing
    plots: plots.Plots

    def row(self, metric: str, where: str = "") -> verdicts.Row:
        [row] = [row for row in self.verdict.rows if (row.metric, row.slice) == (metric, where)]
        return row


def export(folder: Path, scale: float, feature: str = "x") -> standard_artifacts.Model:
    """Exports a model that reads one feature of a serialized example."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def predict(examples):
        parsed = tf.io.parse_example(examples, {feature: tf.io.FixedLenFeature([1], tf.float32)})
        return {"y": scale * parsed[feature]}

    tf.saved_model.save(tf.Module(), str(folder / "Format-Serving"), signatures={"serving_examples": predict})
    return _artifact(standard_artifacts.Model, folder)


def classifier(folder: Path) -> standard_artifacts.Model:
    """Exports a model that says a class, x modulo 3, and a probability, x / 8."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def predict(examples):
        x = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"]
        return {"kind": tf.one_hot(tf.cast(x[:, 0], tf.int32) % 3, 3), "share": x / 8}

    tf.saved_model.save(tf.Module(), str(folder / "Format-Serving"), signatures={"serving_examples": predict})
    return _artifact(standard_artifacts.Model, folder)


def examples(folder: Path) -> standard_artifacts.Examples:
    """Writes x = 0 to 7, y = 2 x, six of `side` a and two of b, `kind` x modulo 3 but 0 at last, `big` from 4 on."""
    split = folder / "Split-eval"
    split.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(split / "data.gz"), "GZIP") as writer:
        for number in range(8):
            row = {"x": float(number), "y": 2.0 * number, "side": "a" if number < 6 else "b"}
            writer.write(example({**row, "kind": number % 3 if number < 7 else 0, "big": int(number >= 4)}))
    artifact = _artifact(standard_artifacts.Examples, folder)
    artifact.split_names = artifact_utils.encode_split_names(["eval"])
    artifact.set_string_custom_property(
        "payload_format", example_gen_pb2.PayloadFormat.Name(example_gen_pb2.FORMAT_TF_EXAMPLE)
    )
    return artifact


def evaluate(folder: Path, config: EvaluationConfig, inputs: dict, force: str | None = None) -> Evaluated:
    """Runs the executor as TFX's launcher does."""
    evaluation = _artifact(standard_artifacts.ModelEvaluation, folder / "evaluation")
    blessing = _artifact(standard_artifacts.ModelBlessing, folder / "blessing")
    properties = {
        "eval_config": proto_utils.proto_to_json(eval_config(config)),
        "example_splits": json_utils.dumps([config.split]),
        "evaluation": json.dumps(to_dict(config)),
        **({"force_bless": force} if force else {}),
    }
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=list(RunnerConfig().beam_args), tmp_dir=str(folder / "tmp"), unique_id="1"
    )
    outputs = {"evaluation": [evaluation], "blessing": [blessing]}
    Executor(context).Do({key: [artifact] for key, artifact in inputs.items()}, outputs, properties)
    return Evaluated(verdicts.read(evaluation.uri), blessing, plots.read(Path(evaluation.uri)))


def _artifact(kind: type, folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    artifact = kind()
    artifact.uri = str(folder)
    artifact.id = 7
    return artifact
