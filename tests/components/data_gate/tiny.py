"""Rows as StatisticsGen, ExampleValidator and ExampleGen hand them to DataGate, without Beam."""

import json
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.data_gate.component import DataVerdict
from components.data_gate.executor import Executor
from pipeline.tf_example import example

SCHEMA = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1.0 min_count: 1 }
          float_domain { min: 0 max: 100 disallow_nan: true disallow_inf: true } }
feature { name: "hour" type: INT presence { min_fraction: 0.5 min_count: 1 } value_count { min: 1 max: 1 }
          int_domain { min: 0 max: 23 }
          drift_comparator { jensen_shannon_divergence { threshold: 0.1 } } }
feature { name: "kind" type: BYTES presence { min_fraction: 1.0 min_count: 1 } domain: "kinds"
          drift_comparator { infinity_norm { threshold: 0.2 } } skew_comparator { infinity_norm { threshold: 0.2 } } }
string_domain { name: "kinds" value: "cash" value: "card" }
"""
Rows = list[dict[str, Any]]


def rows(count: int, cash: float = 0.5, **changes: Any) -> Rows:
    """Returns rows that the schema allows, a share paid in cash, the first with changes; None leaves a feature out."""
    clean = [{"fare": 5.0, "hour": i % 24, "kind": "cash" if i < cash * count else "card"} for i in range(count)]
    first = {name: value for name, value in {**clean[0], **changes}.items() if value is not None}
    return [first, *clean[1:]]


class Gate:
    """DataGate over one pipeline's artifacts.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.verdict_file = folder / "verdict" / "verdict.json"

    def run(self, previous: Any = None, schema: str = SCHEMA, **splits: Rows) -> dict[str, Any]:
        """Runs the executor over splits and returns the verdict."""
        inputs = {
            "schema": self._schema(schema),
            "statistics": self.statistics(**splits),
            "anomalies": self._anomalies(text_format.Parse(schema, schema_pb2.Schema()), splits),
            "examples": self._examples(splits),
            **({"previous_statistics": previous} if previous else {}),
        }
        verdict = self._artifact(DataVerdict, "verdict")
        Executor().Do({key: [one] for key, one in inputs.items()}, {"verdict": [verdict]}, {})
        return self.verdict()

    def verdict(self) -> dict[str, Any]:
        """Returns what the gate has written, also before it refused."""
        return json.loads(self.verdict_file.read_text())

    def statistics(self, **splits: Rows) -> standard_artifacts.ExampleStatistics:
        """Writes the statistics of splits."""
        artifact = self._artifact(standard_artifacts.ExampleStatistics, "statistics", splits)
        for split, some in splits.items():
            self._write("statistics", split, "FeatureStats.pb", _statistics(some))
        return artifact

    def _anomalies(self, schema: schema_pb2.Schema, splits: dict[str, Rows]) -> standard_artifacts.ExampleAnomalies:
        for split, some in splits.items():
            self._write("anomalies", split, "SchemaDiff.pb", tfdv.validate_statistics(_statistics(some), schema))
        return self._artifact(standard_artifacts.ExampleAnomalies, "anomalies", splits)

    def _schema(self, schema: str) -> standard_artifacts.Schema:
        artifact = self._artifact(standard_artifacts.Schema, "schema")
        (self._folder / "schema" / "schema.pbtxt").write_text(schema)
        return artifact

    def _examples(self, splits: dict[str, Rows]) -> standard_artifacts.Examples:
        for split, some in splits.items():
            folder = self._folder / "examples" / f"Split-{split}"
            folder.mkdir(parents=True, exist_ok=True)
            with tf.io.TFRecordWriter(str(folder / "data.gz"), "GZIP") as writer:
                for row in some:
                    writer.write(example(row))
        artifact = self._artifact(standard_artifacts.Examples, "examples", splits)
        artifact.set_string_custom_property("input_fingerprint", "files:1")
        return artifact

    def _artifact(self, kind: type, name: str, splits: Any = ()) -> Any:
        artifact = kind()
        artifact.uri, artifact.id = str(self._folder / name), 3
        Path(artifact.uri).mkdir(parents=True, exist_ok=True)
        if splits:
            artifact.split_names = artifact_utils.encode_split_names(list(splits))
        return artifact

    def _write(self, name: str, split: str, file: str, message: Any) -> None:
        path = self._folder / name / f"Split-{split}" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(message.SerializeToString())


def _statistics(some: Rows) -> Any:
    batch = ExamplesToRecordBatchDecoder().DecodeBatch([example(row) for row in some])
    return stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())
