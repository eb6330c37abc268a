"""Why a node of a run took what an earlier run made, or ran itself."""

from collections.abc import Iterator, Mapping

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto.metadata_store_pb2 import Event, Execution, Value
from tfx.orchestration import metadata
from tfx.orchestration.portable.mlmd import execution_lib

from pipeline.lineage.why import Ingredients, changes
from pipeline.runner.compiled import Compiled

_NODE, _RUN = "node", "pipeline_run"
_OUTPUTS = (Event.OUTPUT, Event.INTERNAL_OUTPUT)


def reasons(handle: metadata.Metadata, compiled: Compiled, node: str) -> list[str]:
    """Returns what is different from the last time that a node ended well, a sentence each.

    Args:
        handle: ML Metadata, with the node's execution in it, whatever its state.
        compiled: The run.
        node: The node's id.
    """
    history = _History(handle.store, compiled)
    executions = history.of(node)
    own = history.in_run(compiled.run_id)
    mine = [execution for execution in executions if execution.id in own]
    earlier = [one for one in executions if one.id not in own and execution_lib.is_execution_successful(one)]
    if not mine:
        return ["its inputs are not there"]
    if not earlier:
        return ["it has never ended well before"]
    before, after = history.ingredients(node, earlier[0]), history.ingredients(node, mine[0])
    return [str(change) for change in changes(before, after)] or ["nothing has changed"]


class _History:
    """The executions of a pipeline's nodes."""

    def __init__(self, store: metadata_store.MetadataStore, compiled: Compiled) -> None:
        self._store, self._compiled = store, compiled

    def of(self, node: str) -> list[Execution]:
        """Returns those of a node, the newest first."""
        found = self._executions(_NODE, f"{self._compiled.ir.pipeline_info.id}.{node}")
        return sorted(found, key=lambda execution: -execution.id)

    def in_run(self, run_id: str) -> set[int]:
        """Returns the ids of those of a run."""
        return {execution.id for execution in self._executions(_RUN, run_id)}

    def ingredients(self, node: str, execution: Execution) -> Ingredients:
        """Returns what a node's execution is made of."""
        inputs = self._events(execution.id, Event.INPUT)
        for key, (producer, output) in self._sources(node):
            if key not in inputs and (made := self._made(execution, producer).get(output)):
                inputs[key] = made
        properties = {name: _plain(value) for name, value in execution.custom_properties.items()}
        return Ingredients(properties, {name: tuple(sorted(ids)) for name, ids in inputs.items()})

    def _sources(self, node: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yields each input of a node with the node and the output that it comes from."""
        for key, spec in self._compiled.nodes[node].inputs.inputs.items():
            for channel in spec.channels:
                yield key, (channel.producer_node_query.id, channel.output_key)

    def _made(self, execution: Execution, producer: str) -> Mapping[str, list[int]]:
        """Returns what a node has put out in the run of an execution.

        Of an artifact that is two inputs, as a model that is its own baseline, ML Metadata keeps one event.
        """
        runs = [context.name for context in self._store.get_contexts_by_execution(execution.id) if context.type == _RUN]
        own = self.in_run(runs[0]) if runs else set()
        return next((self._events(one.id, *_OUTPUTS) for one in self.of(producer) if one.id in own), {})

    def _events(self, execution: int, *types: "Event.Type") -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for event in self._store.get_events_by_execution_ids([execution]):
            if event.type in types:
                found.setdefault(event.path.steps[0].key, []).append(event.artifact_id)
        return found

    def _executions(self, kind: str, name: str) -> list[Execution]:
        context = self._store.get_context_by_type_and_name(kind, name)
        return list(self._store.get_executions_by_context(context.id)) if context else []


def _plain(value: Value) -> object:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None
