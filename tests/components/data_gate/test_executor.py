"""DataGate passes clean data and warnings, and refuses errors and empty splits with what to look at."""

import json
from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.data_gate.component import DataVerdict
from components.data_gate.executor import Executor
from components.errors import DataRefused

ERROR, WARNING = anomalies_pb2.AnomalyInfo.ERROR, anomalies_pb2.AnomalyInfo.WARNING


def _statistics(folder: Path, examples: dict[str, int]):
    artifact = standard_artifacts.ExampleStatistics()
    artifact.uri = str(folder / "statistics")
    artifact.split_names = artifact_utils.encode_split_names(sorted(examples))
    for split, count in examples.items():
        message = statistics_pb2.DatasetFeatureStatisticsList()
        message.datasets.add(num_examples=count)
        _write(folder / "statistics" / f"Split-{split}" / "FeatureStats.pb", message)
    return artifact


def _anomalies(folder: Path, found: dict[str, dict[str, int]]):
    artifact = standard_artifacts.ExampleAnomalies()
    artifact.uri = str(folder / "anomalies")
    artifact.split_names = artifact_utils.encode_split_names(sorted(found))
    for split, features in found.items():
        message = anomalies_pb2.Anomalies()
        for feature, severity in features.items():
            info = message.anomaly_info[feature]
            info.severity, info.short_description, info.description = severity, "Out of domain", f"{feature} is odd."
        _write(folder / "anomalies" / f"Split-{split}" / "SchemaDiff.pb", message)
    return artifact


def _write(path: Path, message) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(message.SerializeToString())


def _run(folder: Path, examples: dict[str, int], found: dict[str, dict[str, int]]) -> None:
    verdict = DataVerdict()
    verdict.uri = str(folder / "verdict")
    Path(verdict.uri).mkdir()
    inputs = {"statistics": [_statistics(folder, examples)], "anomalies": [_anomalies(folder, found)]}
    Executor().Do(inputs, {"verdict": [verdict]}, {})


def _verdict(folder: Path) -> dict:
    return json.loads((folder / "verdict" / "verdict.json").read_text())


def test_clean_data_pass(tmp_path):
    _run(tmp_path, {"train": 3, "eval": 1}, {"train": {}, "eval": {}})
    assert _verdict(tmp_path) == {"passed": True, "findings": []}


def test_a_warning_passes_and_is_kept(tmp_path, monkeypatch):
    events = tmp_path / "events.jsonl"
    monkeypatch.setenv("SLIPWAY_EVENTS", str(events))
    _run(tmp_path, {"train": 3}, {"train": {"fare": WARNING}})
    assert _verdict(tmp_path)["passed"] is True
    assert _verdict(tmp_path)["findings"][0]["feature"] == "fare"
    assert json.loads(events.read_text())["event"] == "warned"


def test_an_error_stops_the_run_and_names_feature_split_and_rule(tmp_path, monkeypatch):
    events = tmp_path / "events.jsonl"
    monkeypatch.setenv("SLIPWAY_EVENTS", str(events))
    with pytest.raises(DataRefused) as caught:
        _run(tmp_path, {"train": 3, "eval": 2}, {"train": {}, "eval": {"fare": ERROR, "hour": ERROR}})
    assert "fare in split eval: Out of domain (fare is odd) and 1 more" in str(caught.value)
    assert caught.value.exit_code == 3
    event = json.loads(events.read_text())
    assert event["event"] == "refused"
    assert [row["feature"] for row in event["rows"]] == ["fare", "hour"]


def test_an_empty_split_stops_the_run(tmp_path):
    with pytest.raises(DataRefused, match=r"\(all\) in split eval: Empty split"):
        _run(tmp_path, {"train": 3, "eval": 0}, {"train": {}, "eval": {}})
    assert _verdict(tmp_path)["passed"] is False
