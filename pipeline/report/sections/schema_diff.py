"""What the schema says otherwise than that of the run before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format

from pipeline.lineage.flat import flat
from pipeline.report.material import Material
from pipeline.report.payloads import artifact_of, schema_of
from pipeline.report.section import Section

RUNS = 20  # How far back a schema is looked for.

_ABSENT = "(not set)"

Parts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Change:
    """A part of the schema that has changed.

    Args:
        where: The feature, the domain, or `schema` for what is about all of it.
        part: Which part, such as `presence.min_fraction`.
        before: What it was, `(not set)` if nothing.
        after: What it is now.
    """

    where: str
    part: str
    before: str
    after: str


@dataclass(frozen=True)
class SchemaFacts:
    """The difference.

    Args:
        against: The run that it is held against; None where there is none.
        added: Features that are new, with their types.
        removed: Features that are gone, likewise.
        changed: What has changed in the others.
        missing: Why the schemas cannot be compared; empty if they can.
    """

    against: str | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()
    missing: str = ""


def section(material: Material) -> Section | None:
    """Returns how a run's schema differs from that of the run before; None for a run without a schema."""
    artifact = artifact_of(material, "schema", "Schema")
    if artifact is None:
        return None
    schema = schema_of(material.path_of(artifact))
    facts = _against_previous(material, schema) if schema else SchemaFacts(missing=f"{artifact.uri} cannot be read.")
    return Section("schema-diff", "Schema", "sections/schema_diff.html", facts)


def _against_previous(material: Material, schema: Any) -> SchemaFacts:
    run = material.run
    for earlier in material.store.runs(run.pipeline or None, limit=RUNS, before=run.id):
        known = Material(material.store, earlier, material.home)
        artifact = artifact_of(known, "schema", "Schema")
        if artifact is None:
            continue
        before = schema_of(known.path_of(artifact))
        if before is None:
            return SchemaFacts(earlier.id, missing=f"The schema of run {earlier.id}, {artifact.uri}, cannot be read.")
        return _difference(earlier.id, _parts(before), _parts(schema))
    return SchemaFacts()


def _parts(schema: Any) -> Parts:
    """Returns each feature and each domain with what is said of it, by its kind and name."""
    told = json_format.MessageToDict(schema, preserving_proto_field_name=True)
    named = {
        f"{kind} {one.get('name', '')}": {key: value for key, value in one.items() if key != "name"}
        for kind in ("feature", "string_domain")
        for one in told.pop(kind, [])
    }
    return {where: dict(_flat(value)) for where, value in {**named, "schema": told}.items()}


def _flat(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in told.items():
        yield from flat(key, value)


def _difference(against: str, before: Parts, after: Parts) -> SchemaFacts:
    both = [where for where in after if where in before]
    return SchemaFacts(
        against,
        tuple(_titles(after, before)),
        tuple(_titles(before, after)),
        tuple(change for where in both for change in _changes(where, before[where], after[where])),
    )


def _titles(one: Parts, other: Parts) -> Iterator[str]:
    for where in one:
        if where not in other:
            yield f"{where.removeprefix('feature ')} ({one[where].get('type', 'a list of words')})"


def _changes(where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for part in dict.fromkeys([*before, *after]):
        if before.get(part) != after.get(part):
            yield Change(where.removeprefix("feature "), part, _text(before.get(part)), _text(after.get(part)))


def _text(value: Any) -> str:
    if value is None:
        return _ABSENT
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
