"""The rows of ML Metadata's tables as values of Python, with the names and properties that belong to them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.lineage.connection import Location
from pipeline.lineage.database import Database, Row
from pipeline.lineage.records import (
    ARTIFACT_STATES,
    EXECUTION_STATES,
    SECONDS_PROPERTY,
    STARTED_PROPERTY,
    Artifact,
    Context,
    Event,
    Execution,
    event_kind,
    value_of,
)

EXECUTION, ARTIFACT, CONTEXT = 0, 1, 2

CONTEXTS = "SELECT id, type_id, name, create_time_since_epoch FROM Context"
ARTIFACTS = "SELECT id, type_id, uri, state, create_time_since_epoch FROM Artifact"
EXECUTIONS = (
    "SELECT id, type_id, last_known_state, create_time_since_epoch, last_update_time_since_epoch FROM Execution"
)
EVENTS = (
    "SELECT e.id, e.artifact_id, e.execution_id, e.type, p.step_key, p.step_index FROM Event e"
    " LEFT JOIN EventPath p ON p.event_id = e.id"
)

_PROPERTIES = {
    "Artifact": "SELECT artifact_id, name, int_value, double_value, string_value, proto_value, bool_value"
    " FROM ArtifactProperty WHERE artifact_id IN (*)",
    "Execution": "SELECT execution_id, name, int_value, double_value, string_value, proto_value, bool_value"
    " FROM ExecutionProperty WHERE execution_id IN (*)",
}
_GROUP_NAMES = (
    "SELECT a.execution_id, c.type_id, c.name FROM Association a JOIN Context c ON c.id = a.context_id"
    " WHERE a.execution_id BETWEEN ? AND ? AND c.type_id IN "
)
_GROUPS = ("pipeline", "pipeline_run", "node")


class Tables(Database):
    """The tables of a store: what the columns of the queries above stand for."""

    def __init__(self, location: Location) -> None:
        super().__init__(location)
        self._names: dict[int, str] = {}
        self._ids: dict[tuple[int, str], int] = {}

    def type_ids(self, kind: int, *names: str) -> list[int]:
        """Returns the ids of those types that are there.

        Args:
            kind: Whether they are types of executions, artifacts or contexts.
            *names: Their names.
        """
        if any((kind, name) not in self._ids for name in names):
            self._read_types()
        return [self._ids[kind, name] for name in names if (kind, name) in self._ids]

    def type_names(self, kind: int) -> list[str]:
        """Returns the names of all types of a kind."""
        self._read_types()
        return [name for of, name in self._ids if of == kind]

    def _type(self, number: int) -> str:
        # A store that is in use gets new ones.
        if number not in self._names:
            self._read_types()
        return self._names[number]

    def _read_types(self) -> None:
        rows = self.rows("SELECT id, name, type_kind FROM Type")
        self._names = {number: name for number, name, _ in rows}
        self._ids = {(kind, name): number for number, name, kind in rows}

    def contexts(self, rows: Sequence[Row]) -> list[Context]:
        """Returns the contexts of some rows."""
        return [Context(number, self._type(kind), name, time / 1000) for number, kind, name, time in rows]

    def artifacts(self, rows: Sequence[Row]) -> list[Artifact]:
        """Returns the artifacts of some rows, with their properties."""
        properties = self._properties("Artifact", rows)
        return [
            Artifact(
                id=number,
                type=self._type(kind),
                uri=uri or "",
                state=ARTIFACT_STATES.get(state or 0, "unknown"),
                created=created / 1000,
                properties=properties[number],
            )
            for number, kind, uri, state, created in rows
        ]

    def executions(self, rows: Sequence[Row], names: Sequence[str] | None = None) -> list[Execution]:
        """Returns the executions of some rows, with their properties and the names of what they belong to.

        Args:
            rows: The rows.
            names: The only properties to read; None takes all, of which some are long.
        """
        properties, groups = self._properties("Execution", rows, names), self._groups({row[0] for row in rows})
        return [self._execution(row, properties[row[0]], groups[row[0]]) for row in rows]

    def events(self, rows: Iterable[Row]) -> list[Event]:
        """Returns the events of some rows, of which each event has one for each step of its path, in order."""
        steps: dict[Row, dict[str, Any]] = defaultdict(dict)
        for *event, key, index in rows:
            found = steps[tuple(event)]
            # A path is the name of an input or an output, and a place.
            found.update({"key": key} if key is not None else {"index": index} if index is not None else {})
        return [
            Event(artifact, execution, event_kind(kind), **path)
            for (_, artifact, execution, kind), path in sorted(steps.items())
        ]

    def _properties(
        self, of: str, rows: Iterable[Row], names: Sequence[str] | None = None
    ) -> Mapping[int, dict[str, Any]]:
        only = f" AND name IN ({','.join('?' * len(names))})" if names else ""
        told = self.rows_of(_PROPERTIES[of] + only, (row[0] for row in rows), after=names or ())
        found: dict[int, dict[str, Any]] = defaultdict(dict)
        for number, name, *values in sorted(told, key=lambda row: row[:2]):
            found[number][name] = value_of(*values)
        return found

    def _groups(self, executions: set[int]) -> Mapping[int, dict[str, str]]:
        """Returns execution to the names of its pipeline, its run and its node."""
        kinds = self.type_ids(CONTEXT, *_GROUPS)
        found: dict[int, dict[str, str]] = defaultdict(dict)
        if not executions or not kinds:
            return found
        # A range, as the table has no index of executions: a list of them would be compared with each of its rows.
        among = f"({','.join('?' * len(kinds))})"
        rows = self.rows(_GROUP_NAMES + among, min(executions), max(executions), *kinds)
        for execution, kind, name in rows:
            if execution in executions:
                found[execution].setdefault(self._type(kind), name)
        return found

    def _execution(self, row: Row, properties: dict[str, Any], groups: Mapping[str, str]) -> Execution:
        number, kind, state, started, changed = row
        component, pipeline = self._type(kind), groups.get("pipeline", "")
        return Execution(
            id=number,
            component=component,
            state=EXECUTION_STATES.get(state or 0, "unknown"),
            started=float(properties.get(STARTED_PROPERTY, started / 1000)),
            seconds=float(properties.get(SECONDS_PROPERTY, (changed - started) / 1000)),
            properties=properties,
            pipeline=pipeline,
            run=groups.get("pipeline_run", ""),
            # TFX names the context of a node PIPELINE.NODE.
            node=groups.get("node", component.rpartition(".")[2]).removeprefix(f"{pipeline}."),
        )
