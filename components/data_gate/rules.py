"""From TFDV's anomalies to findings: what was seen, beside what the schema allows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.data_gate.finding import ERROR, EVERYTHING, WARNING, Finding

_INFO = anomalies_pb2.AnomalyInfo
_CUT = 60

PRESENCE = frozenset(
    {
        "FEATURE_TYPE_LOW_FRACTION_PRESENT",
        "FEATURE_TYPE_LOW_NUMBER_PRESENT",
        "FEATURE_TYPE_NOT_PRESENT",
        "SCHEMA_MISSING_COLUMN",
    }
)
COUNT = frozenset(
    {"FEATURE_TYPE_HIGH_NUMBER_VALUES", "FEATURE_TYPE_LOW_NUMBER_VALUES", "FEATURE_TYPE_UNEXPECTED_REPEATED"}
)
LOW = frozenset({"FLOAT_TYPE_SMALL_FLOAT", "INT_TYPE_SMALL_INT"})
HIGH = frozenset({"FLOAT_TYPE_BIG_FLOAT", "INT_TYPE_BIG_INT"})
NAN, INFINITE = "FLOAT_TYPE_HAS_NAN", "FLOAT_TYPE_HAS_INF"
DOMAIN, UTF8 = "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "ENUM_TYPE_INVALID_UTF8"
TYPE, NEW = "UNEXPECTED_DATA_TYPE", "SCHEMA_NEW_COLUMN"


@dataclass(frozen=True)
class Split:
    """A split that is looked at.

    Args:
        name: Its name.
        statistics: What StatisticsGen has computed of it.
        schema: What it should be.
    """

    name: str
    statistics: statistics_pb2.DatasetFeatureStatisticsList
    schema: schema_pb2.Schema

    @property
    def examples(self) -> int:
        """How many examples it holds."""
        return sum(dataset.num_examples for dataset in self.statistics.datasets)

    def seen(self, feature: str) -> Any:
        """Returns the statistics of a feature, None if the data have none of that name."""
        found = (one for dataset in self.statistics.datasets for one in dataset.features)
        return next((one for one in found if (one.name or one.path.step[-1]) == feature), None)

    def allowed(self, feature: str) -> Any:
        """Returns what the schema says of a feature, None if it does not know it."""
        return next((one for one in self.schema.feature if one.name == feature), None)

    def domain(self, feature: str) -> list[str]:
        """Returns the strings that a feature may have."""
        known = self.allowed(feature)
        named = {domain.name: domain for domain in self.schema.string_domain}
        return list(named[known.domain].value if known.domain in named else known.string_domain.value)


def findings(split: Split, anomalies: anomalies_pb2.Anomalies) -> Iterator[Finding]:
    """Yields a finding for each reason of each anomaly, the features by name."""
    if anomalies.HasField("dataset_anomaly_info"):
        yield from _reasons(split, EVERYTHING, anomalies.dataset_anomaly_info)
    for name, info in sorted(anomalies.anomaly_info.items()):
        yield from _reasons(split, ".".join(info.path.step) or name, info)


def _reasons(split: Split, feature: str, info: anomalies_pb2.AnomalyInfo) -> Iterator[Finding]:
    severity = WARNING if info.severity == _INFO.WARNING else ERROR
    for reason in info.reason or [info]:
        kind = _INFO.Type.Name(reason.type) if isinstance(reason, _INFO.Reason) else "UNKNOWN_TYPE"
        seen, allowed = _told(split, feature, kind) or (reason.description, "")
        yield Finding(split.name, feature, reason.short_description, seen, allowed, reason.description, severity, kind)


def _told(split: Split, feature: str, kind: str) -> tuple[str, str] | None:
    """Returns what was seen and what is allowed; None where nothing but TFDV's words says it."""
    teller = _TELLERS.get(kind)
    seen, allowed = split.seen(feature), split.allowed(feature)
    if teller is None or (seen is None and kind not in PRESENCE) or (allowed is None and kind != NEW):
        return None
    return teller(split, seen, allowed)


def _presence(split: Split, seen: Any, allowed: Any) -> tuple[str, str]:
    there = _common(seen).num_non_missing if seen is not None else 0
    demanded = f">= {allowed.presence.min_fraction:.1%}"
    if allowed.presence.min_count > 1:
        demanded += f", >= {allowed.presence.min_count} examples"
    return f"in {there / max(1, split.examples):.1%} of examples", demanded


def _count(_: Split, seen: Any, allowed: Any) -> tuple[str, str]:
    found = _common(seen)
    return (
        f"{_range(found.min_num_values, found.max_num_values)} values",
        f"{_range(allowed.value_count.min, allowed.value_count.max)} values",
    )


def _low(_: Split, seen: Any, allowed: Any) -> tuple[str, str]:
    return f"{seen.num_stats.min:g}", f">= {domain_of(allowed).min:g}"


def _high(_: Split, seen: Any, allowed: Any) -> tuple[str, str]:
    return f"{seen.num_stats.max:g}", f"<= {domain_of(allowed).max:g}"


def _domain(split: Split, seen: Any, allowed: Any) -> tuple[str, str]:
    known = split.domain(allowed.name)
    strange = [bucket for bucket in seen.string_stats.top_values if bucket.value not in known]
    examples = max(1, split.examples)
    told = ", ".join(f"{bucket.value!r} ({bucket.frequency / examples:.1%})" for bucket in strange[:3])
    return cut(told or "values outside the domain"), cut(", ".join(known))


def _type(_: Split, seen: Any, allowed: Any) -> tuple[str, str]:
    return statistics_pb2.FeatureNameStatistics.Type.Name(seen.type), schema_pb2.FeatureType.Name(allowed.type)


_TELLERS: dict[str, Callable[[Split, Any, Any], tuple[str, str]]] = {
    **dict.fromkeys(PRESENCE, _presence),
    **dict.fromkeys(COUNT, _count),
    **dict.fromkeys(LOW, _low),
    **dict.fromkeys(HIGH, _high),
    NAN: lambda *_: ("NaN", "no NaN"),
    INFINITE: lambda *_: ("infinity", "no infinity"),
    DOMAIN: _domain,
    UTF8: lambda *_: ("other bytes", "UTF-8"),
    TYPE: _type,
    NEW: lambda *_: ("in the data", "not in the schema"),
}


def domain_of(feature: Any) -> Any:
    """Returns the numbers that the schema allows a feature."""
    return feature.int_domain if feature.HasField("int_domain") else feature.float_domain


def _common(feature: Any) -> Any:
    return getattr(feature, str(feature.WhichOneof("stats"))).common_stats


def _range(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}" if high else f"{low} or more"


def cut(text: str, width: int = _CUT) -> str:
    """Returns a text no longer than so many characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
