"""Why a node of a run took what an earlier run made, or ran itself."""

from collections import defaultdict

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto.metadata_store_pb2 import Event, Execution, Value
from tfx.orchestration import metadata
from tfx.orchestration.portable.mlmd import execution_lib

from pipeline.lineage.why import Ingredients, changes

_NODE, _RUN = "node", "pipeline_run"


def reasons(handle: metadata.Metadata, pipeline: str, node: str, run_id: str) -> list[str]:
    """Returns what is different from the last time that a node ended well, a sentence each.

    Args:
        handle: ML Metadata, with the node's execution in it, whatever its state.
        pipeline: The pipeline's name.
        node: The node's id.
        run_id: The run.
    """
    store = handle.store
    executions = _executions(store, _NODE, f"{pipeline}.{node}")
    own = {execution.id for execution in _executions(store, _RUN, run_id)}
    mine = [execution for execution in executions if execution.id in own]
    earlier = [
        execution
        for execution in executions
        if execution.id not in own and execution_lib.is_execution_successful(execution)
    ]
    if not mine:
        return ["its inputs are not there"]
    if not earlier:
        return ["it has never ended well before"]
    before, after = _ingredients(store, earlier[0]), _ingredients(store, mine[0])
    return [str(change) for change in changes(before, after)] or ["nothing has changed"]


def _executions(store: metadata_store.MetadataStore, kind: str, name: str) -> list[Execution]:
    """Returns the executions of a context, the newest first."""
    context = store.get_context_by_type_and_name(kind, name)
    found = store.get_executions_by_context(context.id) if context else []
    return sorted(found, key=lambda execution: -execution.id)


def _ingredients(store: metadata_store.MetadataStore, execution: Execution) -> Ingredients:
    inputs: dict[str, list[int]] = defaultdict(list)
    for event in store.get_events_by_execution_ids([execution.id]):
        if event.type == Event.INPUT:
            inputs[event.path.steps[0].key].append(event.artifact_id)
    properties = {name: _plain(value) for name, value in execution.custom_properties.items()}
    return Ingredients(properties, {name: tuple(ids) for name, ids in inputs.items()})


def _plain(value: Value) -> object:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None
