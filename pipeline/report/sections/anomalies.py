"""What is wrong with the data: ExampleValidator's anomalies, and what DataGate made of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.report.material import Material
from pipeline.report.payloads import artifact_of, parsed, splits_of
from pipeline.report.section import Section

ANOMALIES_FILE = "SchemaDiff.pb"
VERDICT_FILE = "verdict.json"
REFUSAL_FILE = "data_verdict.json"

_VERDICT = "slipway.DataVerdict"
_TEXTS = ("split", "feature", "rule", "seen", "allowed", "detail", "severity")


@dataclass(frozen=True)
class Anomaly:
    """A rule that the data break.

    Args:
        split: Where.
        feature: The feature, `(all)` where it is about the split.
        rule: The rule, in TFDV's words.
        seen: What the data are.
        allowed: What the schema allows; empty where nothing but `detail` says it.
        detail: TFDV's description.
        severity: `ERROR` or `WARNING`.
        examples: Examples that break it: the file, the number of the record in it, and the example in words.
    """

    split: str
    feature: str
    rule: str
    seen: str
    allowed: str
    detail: str
    severity: str
    examples: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class AnomaliesFacts:
    """What was found.

    Args:
        found: The anomalies, the errors first.
        gate: `passed`, `refused`, or empty where there is no verdict of DataGate.
        compared_with: Where the statistics are that DataGate compared with; None where there were none.
        looked_at: The splits that ExampleValidator has looked at.
        missing: What cannot be told, a sentence each.
    """

    found: tuple[Anomaly, ...]
    gate: str
    compared_with: str | None
    looked_at: tuple[str, ...]
    missing: tuple[str, ...]


def section(material: Material) -> Section | None:
    """Returns the anomalies of a run's data; None for a run that looked for none."""
    anomalies, verdict = artifact_of(material, "anomalies", "ExampleAnomalies"), _verdict(material)
    if anomalies is None and verdict is None:
        return None
    folder = material.path_of(anomalies) if anomalies else None
    splits = splits_of(folder) if folder else {}
    told = {name: parsed(path / ANOMALIES_FILE, anomalies_pb2.Anomalies) for name, path in splits.items()}
    missing = [f"The anomalies of split {name} cannot be read." for name, one in told.items() if one is None]
    if anomalies is not None and not splits:
        missing.append(f"The anomalies at {anomalies.uri} are gone.")
    if verdict is None:
        missing.append("There is no verdict of DataGate: only what ExampleValidator says is shown.")
    # DataGate tells ExampleValidator's anomalies too, with what was seen and what is allowed.
    found = _findings(verdict) if verdict is not None else _validated(told)
    facts = AnomaliesFacts(
        tuple(sorted(found, key=lambda one: one.severity != "ERROR")),
        "" if verdict is None else "passed" if verdict.get("passed") else "refused",
        _text(verdict.get("compared_with")) if verdict and verdict.get("compared_with") else None,
        tuple(name for name, one in told.items() if one is not None),
        tuple(missing),
    )
    return Section("anomalies", "Anomalies", "sections/anomalies.html", facts)


def _verdict(material: Material) -> Mapping[str, Any] | None:
    """Returns DataGate's verdict; one that refuses is kept with the run, as TFX drops what a failed node puts out."""
    artifact = artifact_of(material, "verdict", _VERDICT)
    folder = material.path_of(artifact) if artifact else None
    files = [folder / VERDICT_FILE] if folder else []
    files += [material.folder / REFUSAL_FILE] if material.folder else []
    return next((content for file in files if (content := _read(file)) is not None), None)


def _read(file: Path) -> Mapping[str, Any] | None:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _findings(verdict: Mapping[str, Any]) -> Iterator[Anomaly]:
    rows = verdict.get("findings")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            texts = {name: _text(row.get(name, "")) for name in _TEXTS}
            yield Anomaly(**texts, examples=tuple(_offenders(row)))


def _offenders(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    rows = row.get("examples")
    for one in rows if isinstance(rows, list) else ():
        if isinstance(one, dict):
            yield _text(one.get("file")), _text(one.get("record")), _text(one.get("text"))


def _validated(told: Mapping[str, Any]) -> Iterator[Anomaly]:
    for split, message in told.items():
        for name, info in sorted(message.anomaly_info.items()) if message else ():
            for reason in info.reason or [info]:
                severity = anomalies_pb2.AnomalyInfo.Severity.Name(info.severity)
                feature = ".".join(info.path.step) or name
                yield Anomaly(split, feature, reason.short_description, "", "", reason.description, severity)
        if message and message.HasField("dataset_anomaly_info"):
            info = message.dataset_anomaly_info
            yield Anomaly(split, "(all)", info.short_description, "", "", info.description, "ERROR")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
