"""From the records of a run to its lineage: what ran, what KFP's cache answered for, what was left out."""

import logging
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from ml_metadata.proto.metadata_store_pb2 import Execution
from tfx.orchestration import metadata

from kubeflow.sink.records import Record, read
from kubeflow.sink.store import RunStore
from pipeline.lineage.connection import SQLITE, Location

_log = logging.getLogger(__name__)


def sink(where: str, records: Path, run: str, nodes: Mapping[str, str], succeeded: bool) -> int:
    """Writes a run into a store, once however often it is called, and removes its records.

    Args:
        where: The store, as `pipeline.lineage.Store.open` takes it; an SQLite file is made.
        records: The folder of the pipeline's records, called as the pipeline.
        run: The run's id.
        nodes: The nodes of the pipeline, each with the name of its type.
        succeeded: Whether the run did.

    Returns:
        How many nodes the store knows of the run.
    """
    location = Location.of(where)
    if location.kind == SQLITE:
        Path(location.path).parent.mkdir(parents=True, exist_ok=True)
    found = read(records / run)
    with metadata.Metadata(location.config()) as handle:
        store = RunStore(handle, records.name, run)
        _write(store, found, nodes, succeeded)
    shutil.rmtree(records / run, ignore_errors=True)
    _log.info("%d nodes of run %s are in %s", len(store.nodes), run, location)
    return len(store.nodes)


def _write(store: RunStore, records: list[Record], nodes: Mapping[str, str], succeeded: bool) -> None:
    if not records:  # An earlier attempt has written them, or no step could leave one.
        _log.warning("No step of the run has left a record")
        return
    started = records[0].started
    ran = {record.node for record in records}
    for record in records:
        for maker in store.makers(record):
            _write_cached(store, maker, ran, started)
        store.write(record)
    left = nodes.keys() - store.nodes
    if succeeded:
        _write_unread(store, left, started)
    else:
        for node in sorted(left):
            store.write_omitted(node, nodes[node], time.time())


def _write_cached(store: RunStore, maker: Execution, ran: set[str], moment: float) -> None:
    """Writes that KFP's cache answered for a node of this run, and for those before it.

    A step that the cache answers for leaves no record, but others have read what an earlier run had made.
    """
    node = store.node_of(maker)
    if node is None or node in ran or node in store.nodes:
        return
    for earlier in store.makers_before(maker):
        _write_cached(store, earlier, ran, moment)
    store.write_cached(node, maker, moment)


def _write_unread(store: RunStore, left: set[str], moment: float) -> None:
    """Writes that the cache answered for nodes of which nothing was read: all inputs are the same as earlier.

    A node whose condition did not hold has an input that no earlier execution had, and is not written.
    """
    for execution in store.with_these_inputs():
        node = store.node_of(execution)
        if node in left - store.nodes and execution.last_known_state == Execution.COMPLETE:
            store.write_cached(node, execution, moment)
