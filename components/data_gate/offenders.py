"""Examples that break a rule, cut to what a person can read."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_gate import rules
from components.data_gate.finding import Finding, Offender
from components.data_gate.rules import Split, cut

_SHOWN = 3
_LOOKED_AT = 200_000  # Records of a split: some seconds at most, for a person who waits.
_VALUE, _EXAMPLE = 40, 160
_TYPES = {schema_pb2.INT: "int64_list", schema_pb2.FLOAT: "float_list", schema_pb2.BYTES: "bytes_list"}

Breaks = Callable[[Any], bool]


def with_examples(findings: list[Finding], split: Split, folder: Path) -> list[Finding]:
    """Returns the findings of a split with up to three examples each, from one pass over its files.

    Args:
        findings: What was found in the split.
        split: The split.
        folder: Where its TFRecords are.
    """
    breaks = [_breaks(finding, split) for finding in findings]
    found: list[list[Offender]] = [[] for _ in findings]
    wanted = {number for number, test in enumerate(breaks) if test}
    for file, record, example in _examples(folder) if wanted else ():
        for number in sorted(wanted):
            feature, test = findings[number].feature, breaks[number]
            if test and test(example.features.feature.get(feature)):
                found[number].append(Offender(record, file, _text(example, feature)))
        wanted = {number for number in wanted if len(found[number]) < _SHOWN}
        if not wanted:
            break
    return [replace(finding, examples=tuple(some)) for finding, some in zip(findings, found, strict=True)]


def _examples(folder: Path) -> Iterator[tuple[str, int, Any]]:
    looked_at = 0
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        compression = "GZIP" if path.suffix == ".gz" else ""
        for number, record in enumerate(tf.data.TFRecordDataset(str(path), compression).as_numpy_iterator()):
            yield path.name, number, tf.train.Example.FromString(record)
            looked_at += 1
            if looked_at == _LOOKED_AT:
                return


def _breaks(finding: Finding, split: Split) -> Breaks | None:
    """Returns the test that an offending feature passes; None for what no single example shows."""
    kind, allowed = finding.kind, split.allowed(finding.feature)
    if finding.kind == rules.NEW:
        return lambda feature: feature is not None
    if allowed is None:
        return None
    if kind in rules.PRESENCE:
        return lambda feature: not _values(feature)
    if kind in rules.COUNT:
        low, high = allowed.value_count.min, allowed.value_count.max or math.inf
        return lambda feature: feature is not None and not low <= len(_values(feature)) <= high
    if kind == rules.DOMAIN:
        known = {value.encode() for value in split.domain(finding.feature)}
        return lambda feature: any(value not in known for value in _values(feature))
    if kind == rules.UTF8:
        return lambda feature: any(not _is_utf8(value) for value in _values(feature))
    if kind == rules.TYPE:
        return lambda feature: bool(_values(feature)) and feature.WhichOneof("kind") != _TYPES.get(allowed.type)
    test = _number(kind, rules.domain_of(allowed))
    return test and (lambda feature: any(isinstance(value, int | float) and test(value) for value in _values(feature)))


def _number(kind: str, domain: Any) -> Callable[[float], bool] | None:
    if kind in rules.LOW:
        return lambda value: value < domain.min
    if kind in rules.HIGH:
        return lambda value: value > domain.max
    return {rules.NAN: math.isnan, rules.INFINITE: math.isinf}.get(kind)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _values(feature: Any) -> list[Any]:
    kind = feature.WhichOneof("kind") if feature is not None else None
    return list(getattr(feature, kind).value) if kind else []


def _text(example: Any, feature: str) -> str:
    """Returns an example as `feature=value` pairs, the offending feature first."""
    known = example.features.feature
    names = [feature, *sorted(name for name in known if name != feature)]
    return cut("  ".join(f"{_safe(name)}={_shown(_values(known.get(name)))}" for name in names), _EXAMPLE)


def _shown(values: list[Any]) -> str:
    if not values:
        return "(missing)"
    first = cut(_value(values[0]), _VALUE)
    return first if len(values) == 1 else f"{first} and {len(values) - 1} more"


def _value(value: Any) -> str:
    if isinstance(value, bytes):
        return _safe(value[: 4 * _VALUE].decode(errors="backslashreplace"))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _safe(text: str) -> str:
    """Returns a text in which nothing can move a terminal's cursor or change its colours."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
