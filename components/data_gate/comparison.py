"""Drift against the data before and skew between splits, by the comparators of the schema."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.data_gate.finding import WARNING, Finding
from components.data_gate.rules import Split, findings

Statistics = Mapping[str, statistics_pb2.DatasetFeatureStatisticsList]

_MEASURES = anomalies_pb2.DriftSkewInfo.Measurement
_KINDS = {
    "COMPARATOR_L_INFTY_HIGH": _MEASURES.L_INFTY,
    "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH": _MEASURES.JENSEN_SHANNON_DIVERGENCE,
    "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH": _MEASURES.NORMALIZED_ABSOLUTE_DIFFERENCE,
}
_MISSING = frozenset({"COMPARATOR_CONTROL_DATA_MISSING", "COMPARATOR_TREATMENT_DATA_MISSING"})


def drift(splits: Mapping[str, Split], previous: Statistics) -> Iterator[Finding]:
    """Yields what has changed too much against the same split of earlier data."""
    for name, split in splits.items():
        if name in previous and _compares(split.schema, "drift_comparator"):
            found = tfdv.validate_statistics(split.statistics, split.schema, previous_statistics=previous[name])
            yield from _told(split, found, "Drift")


def skew(splits: Mapping[str, Split]) -> Iterator[Finding]:
    """Yields what differs too much between the training split, or the first where none is named so, and another."""
    names = sorted(splits, key=lambda name: name != "train")
    for other in names[1:]:
        split = splits[names[0]]
        if _compares(split.schema, "skew_comparator"):
            found = tfdv.validate_statistics(
                split.statistics, split.schema, serving_statistics=splits[other].statistics
            )
            yield from _told(replace(split, name=other), found, f"Skew from {names[0]}")


def _compares(schema: schema_pb2.Schema, comparator: str) -> bool:
    constraints = schema.dataset_constraints
    return any(feature.HasField(comparator) for feature in schema.feature) or (
        comparator == "drift_comparator" and constraints.HasField("num_examples_drift_comparator")
    )


def _told(split: Split, anomalies: anomalies_pb2.Anomalies, what: str) -> Iterator[Finding]:
    """Yields the findings of comparators only: the others have been reported by ExampleValidator."""
    for finding in findings(split, anomalies):
        if not finding.kind.startswith("COMPARATOR_"):
            continue
        rule = f"{what}: {finding.rule}"
        if finding.kind in _MISSING:
            # A feature that the other data do not have cannot be compared, which is no fault of these data.
            yield replace(finding, rule=rule, severity=WARNING)
            continue
        measured = _measured(anomalies, finding)
        seen, allowed = measured if measured else (finding.detail, "")
        yield replace(finding, rule=rule, seen=seen, allowed=allowed)


def _measured(anomalies: anomalies_pb2.Anomalies, finding: Finding) -> tuple[str, str] | None:
    for info in anomalies.drift_skew_info:
        for measurement in (*info.drift_measurements, *info.skew_measurements):
            if ".".join(info.path.step) == finding.feature and measurement.type == _KINDS.get(finding.kind):
                return f"{measurement.value:.3g}", f"<= {measurement.threshold:g}"
    return None
