"""The decision of DataGate: anomalies and statistics in, a verdict out."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components import progress
from components.data_gate import comparison
from components.data_gate.finding import ERROR, EVERYTHING, Finding
from components.data_gate.offenders import with_examples
from components.data_gate.previous import DATA_PROPERTY, FINGERPRINT, STATISTICS_PROPERTY
from components.data_gate.rules import Split, findings
from components.errors import DataRefused
from components.whole_file import whole_file

ANOMALIES_FILE = "SchemaDiff.pb"
STATISTICS_FILE = "FeatureStats.pb"
VERDICT_FILE = "verdict.json"
REFUSAL_FILE = "data_verdict.json"

Artifacts = dict[str, list[types.Artifact]]


class Executor(base_executor.BaseExecutor):
    """Writes the verdict, then raises DataRefused if anything is worse than a warning."""

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Reads every split's anomalies and statistics, and compares them; see the base class."""
        inputs = {key: artifacts[0] for key, artifacts in input_dict.items() if artifacts}
        splits = _splits(inputs)
        previous = _statistics(inputs["previous_statistics"]) if "previous_statistics" in inputs else {}
        filled = {name: split for name, split in splits.items() if split.examples}
        found = [*_broken(inputs["anomalies"], splits), *comparison.drift(filled, previous), *comparison.skew(filled)]
        found = _with_examples(found, splits, inputs["examples"])
        verdict = {
            "passed": not any(finding.severity == ERROR for finding in found),
            "compared_with": inputs["previous_statistics"].uri if previous else None,
            "findings": [dataclasses.asdict(finding) for finding in found],
        }
        artifact = artifact_utils.get_single_instance(output_dict["verdict"])
        artifact.set_int_custom_property(STATISTICS_PROPERTY, inputs["statistics"].id)
        artifact.set_string_custom_property(DATA_PROPERTY, inputs["examples"].get_string_custom_property(FINGERPRINT))
        _write(Path(artifact.uri) / VERDICT_FILE, verdict)
        _tell(found, verdict)


def _splits(inputs: dict[str, types.Artifact]) -> dict[str, Split]:
    schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(inputs["schema"].uri))
    statistics = _statistics(inputs["statistics"])
    return {name: Split(name, message, schema) for name, message in statistics.items()}


def _statistics(artifact: types.Artifact) -> dict[str, statistics_pb2.DatasetFeatureStatisticsList]:
    """Returns the statistics of each split; none whose file is gone, as that of an earlier run may be."""
    paths = {name: _split(artifact, name) / STATISTICS_FILE for name in _names(artifact)}
    return {
        name: statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
        for name, path in paths.items()
        if path.exists()
    }


def _names(artifact: types.Artifact) -> list[str]:
    return list(artifact_utils.decode_split_names(artifact.split_names))


def _split(artifact: types.Artifact, name: str) -> Path:
    return Path(artifact_utils.get_split_uri([artifact], name))


def _broken(anomalies: types.Artifact, splits: dict[str, Split]) -> list[Finding]:
    """Returns what each split breaks by itself, as ExampleValidator has found it."""
    empty = [
        Finding(name, EVERYTHING, "Empty split", "no example", ">= 1", "The split holds no example.", ERROR, "EMPTY")
        for name, split in splits.items()
        if not split.examples
    ]
    messages = {
        name: anomalies_pb2.Anomalies.FromString((_split(anomalies, name) / ANOMALIES_FILE).read_bytes())
        for name in _names(anomalies)
    }
    return [*empty, *(row for name, message in messages.items() for row in findings(splits[name], message))]


def _with_examples(found: list[Finding], splits: dict[str, Split], examples: types.Artifact) -> list[Finding]:
    """Returns the findings with examples; where nothing was found no file is opened."""
    by_split = {name: [finding for finding in found if finding.split == name] for name in splits}
    return [
        finding
        for name, some in by_split.items()
        if some
        for finding in with_examples(some, splits[name], _split(examples, name))
    ]


def _write(path: Path, verdict: dict[str, Any]) -> None:
    with whole_file(path) as beside:
        beside.write_text(json.dumps(verdict, indent=2) + "\n")


def _tell(found: list[Finding], verdict: dict[str, Any]) -> None:
    """Tells what was found, and raises if the data are refused.

    TFX drops the outputs of an execution that failed, so a refusal is kept in the run's folder too.
    """
    rows = verdict["findings"]
    refused = [finding for finding in found if finding.severity == ERROR]
    if warned := [row for row in rows if row["severity"] != ERROR]:
        progress.emit("warned", rows=warned)
    if not refused:
        return
    progress.emit("refused", rows=[row for row in rows if row["severity"] == ERROR])
    folder = progress.run_folder()
    if folder:
        _write(folder / REFUSAL_FILE, verdict)
    raise _refusal(refused, folder)


def _refusal(refused: list[Finding], folder: Path | None) -> DataRefused:
    first = refused[0]
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    told = f" All of it is in {folder / REFUSAL_FILE}." if folder else ""
    return DataRefused(
        "The data must match the schema.",
        received=f"{first.feature} in split {first.split}: {first.rule} ({first.detail.strip().rstrip('.')}){more}",
        fix=f"Mend the data, or the schema if the data are right.{told}",
    )
