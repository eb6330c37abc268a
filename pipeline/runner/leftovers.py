"""What a run leaves that was killed: executions that look alive, half-written outputs, temporary folders."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto.metadata_store_pb2 import Execution

_LIVE = (Execution.NEW, Execution.RUNNING)
_RUN, _NODE = "pipeline_run", "node"
REASON_PROPERTY = "slipway_reason"


def close(
    store: metadata_store.MetadataStore,
    run_id: str,
    reason: str,
    root: Path,
    canceled: bool = False,
    node: str | None = None,
) -> int:
    """Ends the executions of a run that nobody runs any more, and removes what they have written.

    Args:
        store: ML Metadata, open for writing.
        run_id: The run.
        reason: Why they ended, noted with each.
        root: The folder of the pipeline's artifacts.
        canceled: Whether they were canceled; otherwise they failed.
        node: `<pipeline>.<node>` where only one node's are over; None for all.

    Returns:
        How many there were.
    """
    live = [execution for execution in _executions(store, run_id, node) if execution.last_known_state in _LIVE]
    _end(store, live, Execution.CANCELED if canceled else Execution.FAILED, reason)
    for execution in live:
        _remove_outputs(root, execution)
    # TFX names some of them after nothing that is in ML Metadata, and a node can be killed after it has published.
    _remove(root.glob(f"{node.split('.')[-1] if node else '*'}/.system/*/*"))
    return len(live)


def cancel(store: metadata_store.MetadataStore, run_id: str, node: str) -> None:
    """Marks a node's executions in a run as canceled unless they are complete.

    Args:
        store: ML Metadata, open for writing.
        run_id: The run.
        node: `<pipeline>.<node>`.
    """
    stopped = (*_LIVE, Execution.FAILED)
    ended = [execution for execution in _executions(store, run_id, node) if execution.last_known_state in stopped]
    _end(store, ended, Execution.CANCELED, "The run was interrupted.")


def _executions(store: metadata_store.MetadataStore, run_id: str, node: str | None) -> list[Execution]:
    found = _of_context(store, _RUN, run_id)
    own = {execution.id for execution in _of_context(store, _NODE, node)} if node else None
    return [execution for execution in found if own is None or execution.id in own]


def _of_context(store: metadata_store.MetadataStore, kind: str, name: str) -> list[Execution]:
    context = store.get_context_by_type_and_name(kind, name)
    return list(store.get_executions_by_context(context.id)) if context else []


def _end(
    store: metadata_store.MetadataStore, executions: Iterable[Execution], state: "Execution.State", reason: str
) -> None:
    ended = list(executions)
    for execution in ended:
        execution.last_known_state = state
        execution.custom_properties[REASON_PROPERTY].string_value = reason
    if ended:
        store.put_executions(ended)


def _remove_outputs(root: Path, execution: Execution) -> None:
    """Removes the folders of an execution's outputs: it has published none of them."""
    _remove(root.glob(f"*/*/{execution.id}"))


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
