"""A run's executions, artifacts and contexts, written into ML Metadata in the shapes of TFX's own orchestrators."""

from collections.abc import Iterable, Mapping
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Event, Execution
from tfx import types
from tfx.orchestration import metadata
from tfx.orchestration.portable import execution_publish_utils
from tfx.orchestration.portable.mlmd import context_lib, execution_lib
from tfx.proto.orchestration import execution_result_pb2

from kubeflow.sink.records import Artifacts, Record
from kubeflow.step.record import RESOLVER
from pipeline.lineage.records import SECONDS_PROPERTY, STARTED_PROPERTY

_STATES = {"complete": Execution.COMPLETE, "failed": Execution.FAILED, "canceled": Execution.CANCELED}
_OUTPUTS = (Event.OUTPUT, Event.DECLARED_OUTPUT)
_INPUTS = (Event.INPUT, Event.DECLARED_INPUT)


class RunStore:
    """One run in a store. Whatever is there already is not written again.

    Args:
        handle: The open store.
        pipeline: The pipeline's name.
        run: The run's id.
    """

    def __init__(self, handle: metadata.Metadata, pipeline: str, run: str) -> None:
        self._handle, self._store, self._pipeline, self._run = handle, handle.store, pipeline, run
        self._contexts = [self._context("pipeline", pipeline), self._context("pipeline_run", run)]
        self._origins: dict[str, str] = {}
        self._used: set[int] = set()
        self.nodes: set[str] = set()
        """The nodes that the store knows of this run."""

    def write(self, record: Record) -> None:
        """Writes what a step did."""
        self._origins |= record.origins
        inputs = self._known(record.inputs)
        outputs = {key: self._made(record, key, values) for key, values in record.outputs.items()}
        outputs |= self._resolved(record)
        times = (record.started, record.ended - record.started)
        state = _STATES[record.state]
        message = record.message if record.state == "failed" else None
        self._put(record.node, record.component, state, record.properties, times, inputs, outputs, message)
        self._used |= {one.id for uri in _uris(record) if uri not in self._origins and (one := self._find(uri))}

    def write_cached(self, node: str, earlier: Execution, moment: float) -> None:
        """Writes that a node took what an earlier execution of it had made.

        Args:
            node: The node's id.
            earlier: The execution.
            moment: When, in seconds since 1970.
        """
        inputs, outputs = self._artifacts_of(earlier.id, _INPUTS), self._artifacts_of(earlier.id, _OUTPUTS)
        told = {key: metadata_value(value) for key, value in earlier.custom_properties.items()}
        for key in (STARTED_PROPERTY, SECONDS_PROPERTY):
            told.pop(key, None)
        (kind,) = self._store.get_execution_types_by_id([earlier.type_id])
        self._put(node, kind.name, Execution.CACHED, told, (moment, 0.0), inputs, outputs)
        self._used |= {event.artifact_id for event in self._events(earlier.id)}

    def write_omitted(self, node: str, component: str, moment: float) -> None:
        """Writes that a node was not started, as another one had failed."""
        self._put(node, component, Execution.CANCELED, {}, (moment, 0.0), {}, {})

    def makers(self, record: Record) -> list[Execution]:
        """Returns the executions of earlier runs that made what a step read; not those behind a resolver."""
        found = [self._find(uri) for uri in _uris(record) if uri not in self._origins]
        return [maker for artifact in found if artifact for maker in self._makers([artifact.id])]

    def makers_before(self, execution: Execution) -> list[Execution]:
        """Returns the executions that made what another one read."""
        return self._makers([event.artifact_id for event in self._events(execution.id) if event.type in _INPUTS])

    def with_these_inputs(self) -> list[Execution]:
        """Returns the executions that read artifacts of this run only, the latest first; a baseline is none of it."""
        events = self._store.get_events_by_artifact_ids(sorted(self._used)) if self._used else []
        ids = sorted({event.execution_id for event in events if event.type in _INPUTS}, reverse=True)
        found = {execution.id: execution for execution in self._store.get_executions_by_id(ids)}
        return [found[number] for number in ids if self._reads(number) <= self._used]

    def node_of(self, execution: Execution) -> str | None:
        """Returns the node of this pipeline that an execution is of; None if it is of another."""
        contexts = self._store.get_contexts_by_execution(execution.id)
        names = [context.name for context in contexts if context.type == "node"]
        mine = [name for name in names if name.startswith(f"{self._pipeline}.")]
        return mine[0].removeprefix(f"{self._pipeline}.") if mine else None

    def _put(
        self,
        node: str,
        component: str,
        state: Any,
        properties: Mapping[str, Any],
        times: tuple[float, float],
        inputs: Mapping[str, list[types.Artifact]],
        outputs: Mapping[str, list[types.Artifact]],
        message: str | None = None,
    ) -> None:
        self.nodes.add(node)
        name = f"{self._run}.{node}"
        if self._store.get_execution_by_type_and_name(component, name) is None:
            kind = metadata_store_pb2.ExecutionType(name=component)
            told = {key: value for key, value in properties.items() if value is not None}
            told |= dict(zip((STARTED_PROPERTY, SECONDS_PROPERTY), times, strict=True))
            execution = execution_lib.prepare_execution(self._handle, kind, state, told, name)
            if message:
                result = execution_result_pb2.ExecutionResult(code=1, result_message=message)
                output = execution_result_pb2.ExecutorOutput(execution_result=result)
                execution_publish_utils.set_execution_result_if_not_empty(output, execution)
            contexts = [*self._contexts, self._context("node", f"{self._pipeline}.{node}")]
            event = Event.INTERNAL_OUTPUT if component == RESOLVER else Event.OUTPUT
            execution_lib.put_execution(
                self._handle, execution, contexts, dict(inputs), dict(outputs), output_event_type=event
            )

    def _context(self, kind: str, name: str) -> metadata_store_pb2.Context:
        return context_lib.register_context_if_not_exists(self._handle, kind, name)

    def _known(self, inputs: Artifacts) -> dict[str, list[types.Artifact]]:
        """Returns inputs as the store knows them; those that it does not know it will know as given."""
        return {key: [self._input(values) for values in artifacts] for key, artifacts in inputs.items()}

    def _input(self, values: dict[str, Any]) -> types.Artifact:
        artifact = types.Artifact.from_json_dict(values)
        message = self._find(artifact.uri) or artifact.mlmd_artifact
        if not message.id:
            message.name, message.state = "", metadata_store_pb2.Artifact.LIVE
        artifact.set_mlmd_artifact(message)
        return artifact

    def _made(self, record: Record, key: str, artifacts: list[dict[str, Any]]) -> list[types.Artifact]:
        found = []
        for place, values in enumerate(artifacts):
            artifact = types.Artifact.from_json_dict(values)
            # A name is unique in its type: as TFX's orchestrators name artifacts.
            artifact.mlmd_artifact.name = f"{self._pipeline}:{self._run}:{record.node}:{key}:{place}"
            artifact.mlmd_artifact.state = metadata_store_pb2.Artifact.LIVE
            found.append(artifact)
        return found

    def _resolved(self, record: Record) -> dict[str, list[types.Artifact]]:
        """Returns what a resolver has found, as far as the store knows that."""
        found = {uri.rpartition("/")[2]: self._find(uri) for uri in record.origins}
        return {key: [self._artifact(message)] for key, message in found.items() if message}

    def _artifact(self, message: metadata_store_pb2.Artifact) -> types.Artifact:
        (kind,) = self._store.get_artifact_types_by_id([message.type_id])
        artifact = types.Artifact(kind)
        artifact.set_mlmd_artifact(message)
        return artifact

    def _find(self, uri: str) -> metadata_store_pb2.Artifact | None:
        found = self._store.get_artifacts_by_uri(self._origins.get(uri, uri))
        return min(found, key=lambda artifact: artifact.id) if found else None

    def _events(self, execution: int) -> list[Event]:
        return list(self._store.get_events_by_execution_ids([execution]))

    def _reads(self, execution: int) -> set[int]:
        return {event.artifact_id for event in self._events(execution) if event.type in _INPUTS}

    def _makers(self, artifacts: Iterable[int]) -> list[Execution]:
        events = self._store.get_events_by_artifact_ids(list(artifacts))
        first: dict[int, int] = {}
        for event in events:
            if event.type in _OUTPUTS:
                first[event.artifact_id] = min(event.execution_id, first.get(event.artifact_id, event.execution_id))
        return list(self._store.get_executions_by_id(sorted(set(first.values()))))

    def _artifacts_of(self, execution: int, kinds: tuple[Any, ...]) -> dict[str, list[types.Artifact]]:
        found: dict[str, list[types.Artifact]] = {}
        for event in self._events(execution):
            if event.type in kinds:
                key = next((step.key for step in event.path.steps if step.HasField("key")), "")
                (message,) = self._store.get_artifacts_by_id([event.artifact_id])
                found.setdefault(key, []).append(self._artifact(message))
        return found


def _uris(record: Record) -> list[str]:
    sides = (*record.inputs.values(), *record.outputs.values())
    return [one["artifact"]["uri"] for artifacts in sides for one in artifacts]


def metadata_value(value: metadata_store_pb2.Value) -> Any:
    """Returns what a property holds."""
    return getattr(value, value.WhichOneof("value"))
