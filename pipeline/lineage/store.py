"""A metadata store, read.

>>> from pipeline.lineage import Store
>>> with Store.open("metadata.db") as store:  # doctest: +SKIP
...     [run.state for run in store.runs("taxi", limit=2)]
['complete', 'failed']
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.errors import UsageError, did_you_mean
from pipeline.lineage.connection import Location
from pipeline.lineage.graph import Graph
from pipeline.lineage.records import ARTIFACT_STATES, EXECUTION_STATES, Artifact, Context, Event, Execution, Pipeline
from pipeline.lineage.runs import NOTES, OUTCOMES, Outcomes, Run, runs_of
from pipeline.lineage.selection import Selection
from pipeline.lineage.tables import ARTIFACT, ARTIFACTS, CONTEXT, CONTEXTS, EVENTS, EXECUTIONS, Tables

if TYPE_CHECKING:
    from ml_metadata.proto import metadata_store_pb2

_LARGEST_ID = 2**63

# With types after a plus, SQLite does not start from all artifacts of these, and finds events by their executions.
_OUTPUTS = (
    "SELECT e.id, e.artifact_id, e.execution_id, e.type, NULL, NULL FROM Event e"
    " JOIN Artifact o ON o.id = e.artifact_id WHERE e.execution_id IN (*)"
)


class Store:
    """The views of a metadata store that TFX has written: a few queries for each, however many rows they have.

    Lists of what a store has many of go from the newest to the oldest: `limit` says how many are read at most (None
    takes all), and `before`, the last one of the page before, where to go on.

    Args:
        location: Where the store is.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self._tables = Tables(location)

    @classmethod
    def open(cls, where: "str | Path | metadata_store_pb2.ConnectionConfig") -> "Store":
        """Opens a store that exists; never makes one, never writes to it, never changes its schema.

        Args:
            where: Path of an SQLite file, a URL that starts with `mysql://` or `postgresql://` (the password comes from
                the environment, see `pipeline.lineage.connection`), or a connection as ML Metadata takes it.

        Raises:
            UsageError: There is no store, nobody may log in, or it is not of this ML Metadata's schema.
        """
        return cls(Location.of(where))

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._tables.close()

    def pipelines(self) -> list[Pipeline]:
        """Returns the pipelines, by name."""
        rows = self._tables.rows(
            "SELECT p.name, COUNT(DISTINCT r.id), MAX(r.create_time_since_epoch) FROM Context p"
            " LEFT JOIN Association a ON a.context_id = p.id"
            " LEFT JOIN Association b ON b.execution_id = a.execution_id"
            " LEFT JOIN Context r ON r.id = b.context_id AND r.type_id = ?"
            " WHERE p.type_id = ? GROUP BY p.name ORDER BY p.name",
            self._context_type("pipeline_run"),
            self._context_type("pipeline"),
        )
        return [Pipeline(name, runs, latest / 1000 if latest else None) for name, runs, latest in rows]

    def runs(self, pipeline: str | None = None, *, limit: int | None = None, before: str | None = None) -> list[Run]:
        """Returns runs.

        Args:
            pipeline: Only those of the pipeline of this name.
            limit: See the class.
            before: The name of a run.
        """
        wanted = Selection("type_id = ?", self._context_type("pipeline_run"))
        if pipeline is not None:
            wanted.add(
                "id IN (SELECT r.context_id FROM Context c JOIN Association p ON p.context_id = c.id"
                " JOIN Association r ON r.execution_id = p.execution_id WHERE c.type_id = ? AND c.name = ?)",
                self._context_type("pipeline"),
                pipeline,
            )
        if before is not None:
            wanted.add("id < ?", self._run_context(before).id)
        return self._runs(self._tables.contexts(self._newest(CONTEXTS, wanted, limit)))

    def run(self, name: str) -> Run:
        """Returns one run.

        Raises:
            UsageError: There is no such run.
        """
        return self._runs([self._run_context(name)])[0]

    def contexts(self, kind: str, *, limit: int | None = None, before: int | None = None) -> list[Context]:
        """Returns contexts.

        Args:
            kind: Their type, such as `execution_cache`.
            limit: See the class.
            before: The id of a context.
        """
        wanted = Selection("type_id = ?", self._context_type(kind)).before(before)
        return self._tables.contexts(self._newest(CONTEXTS, wanted, limit))

    def executions(
        self,
        *,
        run: str | None = None,
        pipeline: str | None = None,
        node: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        before: int | None = None,
    ) -> list[Execution]:
        """Returns executions.

        Args:
            run: Only those of the run of this name.
            pipeline: Only those of the pipeline of this name.
            node: Only those of the node of this id in that pipeline.
            state: Only those that are `complete`, `cached`, `failed`, ...
            limit: See the class.
            before: The id of an execution.
        """
        wanted = Selection().before(before).state("last_known_state", state, EXECUTION_STATES)
        groups = {"pipeline_run": run, "pipeline": pipeline, "node": f"{pipeline}.{node}" if node else None}
        for kind, name in groups.items():
            if name is not None:
                wanted.add(
                    "id IN (SELECT a.execution_id FROM Context c JOIN Association a ON a.context_id = c.id"
                    " WHERE c.type_id = ? AND c.name = ?)",
                    self._context_type(kind),
                    name,
                )
        return self._tables.executions(self._newest(EXECUTIONS, wanted, limit))

    def executions_of(self, ids: Iterable[int]) -> list[Execution]:
        """Returns the executions with some ids, sorted by these."""
        rows = self._tables.rows_of(f"{EXECUTIONS} WHERE id IN (*)", ids)
        return self._tables.executions(sorted(rows))

    def artifacts(
        self,
        *,
        kind: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        before: int | None = None,
    ) -> list[Artifact]:
        """Returns artifacts.

        Args:
            kind: Only those of one type, such as `Model`.
            state: Only those that are `live`, `deleted`, ...
            limit: See the class.
            before: The id of an artifact.

        Raises:
            UsageError: There is no such type, or no such state.
        """
        wanted = Selection().before(before).state("state", state, ARTIFACT_STATES)
        if kind is not None:
            wanted.add("type_id = ?", self._artifact_type(kind))
        return self._tables.artifacts(self._newest(ARTIFACTS, wanted, limit))

    def artifacts_of(self, ids: Iterable[int]) -> list[Artifact]:
        """Returns the artifacts with some ids, sorted by these."""
        known = (number for number in ids if number < _LARGEST_ID)
        return self._tables.artifacts(sorted(self._tables.rows_of(f"{ARTIFACTS} WHERE id IN (*)", known)))

    def artifacts_at(self, uris: Iterable[str]) -> list[Artifact]:
        """Returns the artifacts whose payload is at one of some places."""
        return self._tables.artifacts(self._tables.rows_of(f"{ARTIFACTS} WHERE uri IN (*)", uris))

    def artifacts_with(self, name: str, *values: str | int) -> list[Artifact]:
        """Returns the artifacts that have a property with one of some values, all texts or all whole numbers.

        Args:
            name: The property's name.
            *values: The values.
        """
        column = "string_value" if isinstance(next(iter(values), ""), str) else "int_value"
        query = f"SELECT artifact_id FROM ArtifactProperty WHERE name = ? AND {column} IN (*)"  # noqa: S608 (one of two)
        rows = self._tables.rows_of(query, values, name)
        return self.artifacts_of(row[0] for row in rows)

    def graph(self, artifact: int) -> Graph:
        """Returns all ancestors and all descendants of an artifact.

        Args:
            artifact: Its id.
        """
        return Graph.around(self, artifact)

    def events(self, *, executions: Iterable[int] = (), artifacts: Iterable[int] = ()) -> list[Event]:
        """Returns the events of some executions and those of some artifacts, in the order of their writing."""
        rows = self._tables.rows_of(f"{EVENTS} WHERE e.execution_id IN (*)", executions)
        return self._tables.events([*rows, *self._tables.rows_of(f"{EVENTS} WHERE e.artifact_id IN (*)", artifacts)])

    def _newest(self, query: str, wanted: Selection, limit: int | None) -> list[Any]:
        newest = "" if limit is None else f" LIMIT {limit:d}"
        return self._tables.rows(f"{query}{wanted.where} ORDER BY id DESC{newest}", *wanted.values)

    def _context_type(self, name: str) -> int:
        # No row has a type that is not there.
        return next(iter(self._tables.type_ids(CONTEXT, name)), -1)

    def _artifact_type(self, name: str) -> int:
        found = self._tables.type_ids(ARTIFACT, name)
        if not found:
            known = self._tables.type_names(ARTIFACT)
            rule = "A type of artifacts must be in the metadata store."
            raise UsageError(rule, received=name, fix=did_you_mean(name, known))
        return found[0]

    def _run_context(self, name: str) -> Context:
        rows = self._tables.rows(f"{CONTEXTS} WHERE type_id = ? AND name = ?", self._context_type("pipeline_run"), name)
        if not rows:
            fix = "`slipway runs` lists those that are."
            raise UsageError("A run must be in the metadata store.", received=f"run={name}", fix=fix)
        return self._tables.contexts(rows)[0]

    def _runs(self, contexts: Sequence[Context]) -> list[Run]:
        rows = self._tables.rows_of(
            "SELECT execution_id FROM Association WHERE context_id IN (*)", (context.id for context in contexts)
        )
        found = self._tables.rows_of(f"{EXECUTIONS} WHERE id IN (*)", (row[0] for row in rows))
        executions = self._tables.executions(sorted(found), NOTES)
        return runs_of(contexts, executions, self._outcomes(execution.id for execution in executions))

    def _outcomes(self, executions: Iterable[int]) -> Outcomes:
        kinds = self._tables.type_ids(ARTIFACT, *OUTCOMES)
        if not kinds:
            return Outcomes([], [])
        marks = ",".join("?" * len(kinds))
        rows = self._tables.rows_of(_OUTPUTS + f" AND +o.type_id IN ({marks})", executions, after=kinds)
        events = [event for event in self._tables.events(rows) if event.kind == "output"]
        return Outcomes(events, self.artifacts_of(event.artifact for event in events))
