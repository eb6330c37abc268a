"""The decision of DataGate: anomalies and statistics in, a verdict out."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import progress
from components.errors import DataRefused

ANOMALIES_FILE = "SchemaDiff.pb"
STATISTICS_FILE = "FeatureStats.pb"
VERDICT_FILE = "verdict.json"


@dataclass(frozen=True)
class Finding:
    """One anomaly: where it is, which rule it breaks, what was seen, and whether it stops the run."""

    split: str
    feature: str
    rule: str
    detail: str
    severity: str


class Executor(base_executor.BaseExecutor):
    """Writes the verdict, then raises DataRefused if anything is worse than a warning."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads every split's anomalies and statistics; see the base class."""
        anomalies = artifact_utils.get_single_instance(input_dict["anomalies"])
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        findings = [
            *(
                row
                for split in artifact_utils.decode_split_names(statistics.split_names)
                for row in _empty(statistics, split)
            ),
            *(
                row
                for split in artifact_utils.decode_split_names(anomalies.split_names)
                for row in _broken(anomalies, split)
            ),
        ]
        verdict = artifact_utils.get_single_instance(output_dict["verdict"])
        refused = [row for row in findings if row.severity == "ERROR"]
        _write(Path(verdict.uri) / VERDICT_FILE, passed=not refused, findings=findings)
        if findings:
            progress.emit("refused" if refused else "warned", rows=[dataclasses.asdict(row) for row in findings])
        if refused:
            raise _refusal(refused)


def _empty(statistics: types.Artifact, split: str) -> Iterator[Finding]:
    path = Path(artifact_utils.get_split_uri([statistics], split)) / STATISTICS_FILE
    message = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
    if not sum(dataset.num_examples for dataset in message.datasets):
        yield Finding(split, "(all)", "Empty split", "The split holds no example.", "ERROR")


def _broken(anomalies: types.Artifact, split: str) -> Iterator[Finding]:
    path = Path(artifact_utils.get_split_uri([anomalies], split)) / ANOMALIES_FILE
    message = anomalies_pb2.Anomalies.FromString(path.read_bytes())
    if message.HasField("dataset_anomaly_info"):
        yield _finding(split, "(all)", message.dataset_anomaly_info)
    for feature, info in sorted(message.anomaly_info.items()):
        yield _finding(split, feature, info)


def _finding(split: str, feature: str, info: anomalies_pb2.AnomalyInfo) -> Finding:
    severity = anomalies_pb2.AnomalyInfo.Severity.Name(info.severity)
    return Finding(split, feature, info.short_description, info.description, severity)


def _write(path: Path, passed: bool, findings: list[Finding]) -> None:
    rows = [dataclasses.asdict(row) for row in findings]
    path.write_text(json.dumps({"passed": passed, "findings": rows}, indent=2) + "\n")


def _refusal(refused: list[Finding]) -> DataRefused:
    first = refused[0]
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    return DataRefused(
        "The data must match the schema.",
        received=f"{first.feature} in split {first.split}: {first.rule} ({first.detail.rstrip('.')}){more}",
        fix="Mend the data, or the schema if the data are right.",
    )
