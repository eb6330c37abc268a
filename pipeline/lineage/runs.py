"""The runs in a metadata store: which nodes they had, how those ended, and what was pushed.

>>> from pipeline.lineage.store import open_store
>>> [run.state for run in Runs(open_store("metadata.db")).all()]  # doctest: +SKIP
['complete', 'failed']
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from components.errors import UsageError
from components.trainer.trackers.execution import TrackedRun, tracked_runs

_State = metadata_store_pb2.Execution
_OUTPUT = metadata_store_pb2.Event.OUTPUT
_KINDS = ("pipeline", "pipeline_run", "node")

STATES: Mapping[int, str] = {
    _State.UNKNOWN: "unknown",
    _State.NEW: "waiting",
    _State.RUNNING: "running",
    _State.COMPLETE: "complete",
    _State.FAILED: "failed",
    _State.CACHED: "cached",
    _State.CANCELED: "canceled",
}


@dataclass(frozen=True)
class NodeRun:
    """One node in one run.

    Args:
        node: The node's id.
        component: Import path of the component class.
        state: `waiting`, `running`, `complete`, `cached`, `failed`, `canceled` or `unknown`.
        started: Seconds since 1970.
        seconds: From its start to the last change of its record, which is its end if it has ended.
        execution: Id of its execution in ML Metadata.
        tracked: The runs that experiment trackers keep of it.
    """

    node: str
    component: str
    state: str
    started: float
    seconds: float
    execution: int
    tracked: tuple[TrackedRun, ...] = ()


@dataclass(frozen=True)
class Run:
    """One run of a pipeline.

    Args:
        id: The run's name.
        pipeline: The pipeline's name, which is the task's.
        state: `failed` or `running` if a node is, else `complete`; `unknown` without a node.
        started: Seconds since 1970.
        seconds: From its start to the end of its last node.
        nodes: In the order in which they started; of a node that ran again, the last time.
        version: The pushed version; None if nothing was pushed.
        pushed_to: Where it was pushed to.
    """

    id: str
    pipeline: str
    state: str
    started: float
    seconds: float
    nodes: tuple[NodeRun, ...]
    version: str | None
    pushed_to: str | None


class Runs:
    """The runs of a store.

    Args:
        store: The store, as `open_store` gives it.
    """

    def __init__(self, store: metadata_store.MetadataStore) -> None:
        self._store = store

    def all(self, pipeline: str | None = None) -> list[Run]:
        """Returns the runs, the latest first, with one query for each and some that do not grow with their number.

        Args:
            pipeline: Name of the only pipeline to look at; None takes all.
        """
        executions = {execution.id: execution for execution in self._store.get_executions()}
        contexts = _Contexts(_all_associations(self._store))
        pushed = self._pushed()
        runs = [_run(context, contexts, executions, pushed) for context in contexts.of_type("pipeline_run")]
        chosen = [run for run in runs if pipeline in (None, run.pipeline)]
        return sorted(chosen, key=lambda run: run.started, reverse=True)

    def newest(self, count: int, pipeline: str | None = None) -> list[Run]:
        """Returns the latest runs, the latest first; the others are not read.

        Args:
            count: How many at most.
            pipeline: Name of the only pipeline to look at; None takes all.
        """
        contexts = self._store.get_contexts_by_type("pipeline_run")
        contexts.sort(key=lambda context: (context.create_time_since_epoch, context.id), reverse=True)
        pushed = self._pushed()
        runs = (self._of(context, pushed) for context in contexts)
        return list(itertools.islice((run for run in runs if pipeline in (None, run.pipeline)), count))

    def get(self, run_id: str) -> Run:
        """Returns one run.

        Raises:
            UsageError: There is no such run.
        """
        context = self._store.get_context_by_type_and_name("pipeline_run", run_id)
        if context is None:
            fix = "`slipway runs` lists those that are."
            raise UsageError("A run must be in the metadata store.", received=f"run={run_id}", fix=fix)
        return self._of(context, self._pushed())

    def _of(self, context: metadata_store_pb2.Context, pushed: Mapping[int, metadata_store_pb2.Artifact]) -> Run:
        executions = {execution.id: execution for execution in self._store.get_executions_by_context(context.id)}
        contexts = _Contexts(_associations_of(self._store, executions))
        return _run(context, contexts, executions, pushed)

    def _pushed(self) -> dict[int, metadata_store_pb2.Artifact]:
        """Returns execution id to the pushed model that it put out."""
        models = {model.id: model for model in self._store.get_artifacts_by_type("PushedModel")}
        real = {key: model for key, model in models.items() if model.custom_properties["pushed"].int_value}
        events = self._store.get_events_by_artifact_ids(list(real)) if real else []
        return {event.execution_id: real[event.artifact_id] for event in events if event.type == _OUTPUT}


class _Contexts:
    """Which contexts some executions belong to.

    Args:
        associations: Pairs of a context and the id of an execution in it.
    """

    def __init__(self, associations: Iterable[tuple[metadata_store_pb2.Context, int]]) -> None:
        self._executions: dict[int, list[int]] = defaultdict(list)
        self._contexts: dict[int, list[metadata_store_pb2.Context]] = defaultdict(list)
        self._known: dict[int, metadata_store_pb2.Context] = {}
        for context, execution in associations:
            self._known[context.id] = context
            self._executions[context.id].append(execution)
            self._contexts[execution].append(context)

    def of_type(self, kind: str) -> list[metadata_store_pb2.Context]:
        """Returns the contexts of a type."""
        return [context for context in self._known.values() if context.type == kind]

    def executions(self, context: metadata_store_pb2.Context) -> list[int]:
        """Returns the executions of a context."""
        return self._executions[context.id]

    def name(self, execution: int, kind: str) -> str | None:
        """Returns the name of an execution's context of a type."""
        return next((context.name for context in self._contexts[execution] if context.type == kind), None)


def _all_associations(store: metadata_store.MetadataStore) -> Iterator[tuple[metadata_store_pb2.Context, int]]:
    """Asks once for each context: ML Metadata 1.21 no longer has `filter_query`, which would take many at once."""
    for context in store.get_contexts():
        if context.type in _KINDS:
            yield from ((context, execution.id) for execution in store.get_executions_by_context(context.id))


def _associations_of(
    store: metadata_store.MetadataStore, executions: Iterable[int]
) -> Iterator[tuple[metadata_store_pb2.Context, int]]:
    for execution in executions:
        yield from ((context, execution) for context in store.get_contexts_by_execution(execution))


def _run(
    context: metadata_store_pb2.Context,
    contexts: _Contexts,
    executions: Mapping[int, metadata_store_pb2.Execution],
    pushed: Mapping[int, metadata_store_pb2.Artifact],
) -> Run:
    ids = sorted(contexts.executions(context))
    # Later executions of a node replace earlier ones: a run that was resumed has both.
    nodes = {node.node: node for node in (_node_run(executions[number], contexts) for number in ids)}
    started = context.create_time_since_epoch / 1000
    model = next((pushed[number] for number in ids if number in pushed), None)
    return Run(
        id=context.name,
        pipeline=next(filter(None, (contexts.name(number, "pipeline") for number in ids)), ""),
        state=_state([node.state for node in nodes.values()]),
        started=started,
        seconds=round(max((node.started + node.seconds for node in nodes.values()), default=started) - started, 3),
        nodes=tuple(nodes.values()),
        version=_text(model, "pushed_version"),
        pushed_to=_text(model, "pushed_destination"),
    )


def _node_run(execution: metadata_store_pb2.Execution, contexts: _Contexts) -> NodeRun:
    pipeline = contexts.name(execution.id, "pipeline") or ""
    # TFX names the context of a node PIPELINE.NODE.
    name = contexts.name(execution.id, "node") or execution.type
    started, ended = execution.create_time_since_epoch, execution.last_update_time_since_epoch
    return NodeRun(
        node=name.removeprefix(f"{pipeline}."),
        component=execution.type,
        state=STATES.get(execution.last_known_state, "unknown"),
        started=started / 1000,
        seconds=(ended - started) / 1000,
        execution=execution.id,
        tracked=tracked_runs({name: value.string_value for name, value in execution.custom_properties.items()}),
    )


def _state(states: list[str]) -> str:
    for state in ("failed", "running", "canceled"):
        if state in states:
            return state
    return "complete" if states and set(states) <= {"complete", "cached"} else "unknown"


def _text(artifact: metadata_store_pb2.Artifact | None, name: str) -> str | None:
    return artifact.custom_properties[name].string_value or None if artifact else None
