"""What an artifact was made of, and what was made of it.

>>> from pipeline.lineage.store import open_store
>>> graph = Graph.around(open_store("metadata.db"), 12)  # doctest: +SKIP
>>> [artifact.type for artifact in graph.sources(12)]  # doctest: +SKIP
['Examples', 'Schema']
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto.metadata_store_pb2 import Event

from pipeline.lineage.records import Artifact, Execution

_INPUT = frozenset({Event.INPUT, Event.DECLARED_INPUT})
_OUTPUT = frozenset({Event.OUTPUT, Event.DECLARED_OUTPUT})


@dataclass(frozen=True)
class Use:
    """An artifact that an execution has read or put out.

    Args:
        key: The name of the input or the output.
        artifact: Its id.
        execution: The id of the execution.
    """

    key: str
    artifact: int
    execution: int


@dataclass
class Graph:
    """The artifacts and executions around one artifact.

    Args:
        artifacts: Id to artifact.
        executions: Id to execution.
        read: What executions have read, in order.
        put_out: What they have put out; a cached one puts out what an earlier one has made.
    """

    artifacts: dict[int, Artifact] = field(default_factory=dict)
    executions: dict[int, Execution] = field(default_factory=dict)
    read: list[Use] = field(default_factory=list)
    put_out: list[Use] = field(default_factory=list)

    @classmethod
    def around(cls, store: metadata_store.MetadataStore, artifact: int) -> "Graph":
        """Reads all ancestors and all descendants of an artifact: some queries for each generation of them.

        Args:
            store: The store.
            artifact: The id of the artifact.
        """
        graph = cls()
        graph._walk(store, artifact, _OUTPUT, _INPUT)
        graph._walk(store, artifact, _INPUT, _OUTPUT)
        graph._load(store)
        return graph

    def _walk(
        self, store: metadata_store.MetadataStore, artifact: int, to: frozenset[int], onwards: frozenset[int]
    ) -> None:
        """Goes from artifacts to executions by events of some types, and on to artifacts by those of others."""
        seen, frontier = {artifact}, [artifact]
        executions: set[int] = set()
        while frontier:
            reached = {event.execution_id for event in self._events(store.get_events_by_artifact_ids, frontier, to)}
            new = sorted(reached - executions)
            executions |= reached
            found = {event.artifact_id for event in self._events(store.get_events_by_execution_ids, new, onwards)}
            frontier = sorted(found - seen)
            seen |= found

    def _events(self, ask: Callable[[list[int]], list[Event]], ids: list[int], types: frozenset[int]) -> list[Event]:
        events = [event for event in ask(ids) if event.type in types] if ids else []
        uses = self.read if types is _INPUT else self.put_out
        known = set(uses)
        uses += [use for use in map(_use, events) if use not in known]
        return events

    def _load(self, store: metadata_store.MetadataStore) -> None:
        uses = [*self.read, *self.put_out]
        artifacts = store.get_artifacts_by_id(sorted({use.artifact for use in uses})) if uses else []
        executions = store.get_executions_by_id(sorted({use.execution for use in uses})) if uses else []
        self.artifacts = {message.id: Artifact.of(message) for message in artifacts}
        self.executions = {message.id: Execution.of(message) for message in executions}

    def maker(self, artifact: int) -> Execution | None:
        """Returns the execution that made an artifact: the first that put it out; None where it was given."""
        made = sorted(use.execution for use in self.put_out if use.artifact == artifact)
        return self.executions[made[0]] if made else None

    def users(self, artifact: int) -> list[Execution]:
        """Returns the executions that have read an artifact, in order."""
        return [
            self.executions[number]
            for number in sorted({use.execution for use in self.read if use.artifact == artifact})
        ]

    def inputs(self, execution: int) -> list[Use]:
        """Returns what an execution has read."""
        return [use for use in self.read if use.execution == execution]

    def outputs(self, execution: int) -> list[Use]:
        """Returns what an execution has made; not what a cached one has taken from an earlier one."""
        return [use for use in self.put_out if use.execution == execution and self._made(use)]

    def _made(self, use: Use) -> bool:
        maker = self.maker(use.artifact)
        return maker is not None and maker.id == use.execution

    def ancestors(self, artifact: int) -> list[Execution]:
        """Returns the executions that an artifact comes from, the first one first."""
        found = _reached(
            artifact,
            lambda one: [maker.id for maker in (self.maker(one),) if maker],
            lambda execution: [use.artifact for use in self.inputs(execution)],
        )
        return [self.executions[number] for number in sorted(found)]

    def descendants(self, artifact: int) -> list[Artifact]:
        """Returns what was made of an artifact, in the order of its making."""
        executions = _reached(
            artifact,
            lambda one: [user.id for user in self.users(one)],
            lambda execution: [use.artifact for use in self.outputs(execution)],
        )
        made = {use.artifact for execution in executions for use in self.outputs(execution)}
        return [self.artifacts[number] for number in sorted(made)]


def _reached(artifact: int, to: Callable[[int], Iterable[int]], onwards: Callable[[int], Iterable[int]]) -> set[int]:
    seen, executions, frontier = {artifact}, set[int](), [artifact]
    while frontier:
        new = {execution for one in frontier for execution in to(one)} - executions
        executions |= new
        frontier = sorted({one for execution in new for one in onwards(execution)} - seen)
        seen |= set(frontier)
    return executions


def _use(event: Event) -> Use:
    key = next((step.key for step in event.path.steps if step.WhichOneof("value") == "key"), "")
    return Use(key, event.artifact_id, event.execution_id)
