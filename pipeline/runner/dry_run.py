"""What a run would do: TFX's own drivers and cache on a copy of the store, and no executor."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from ml_metadata.proto.metadata_store_pb2 import ConnectionConfig
from tfx.orchestration import metadata
from tfx.orchestration.portable import base_executor_operator, data_types
from tfx.proto.orchestration import executable_spec_pb2

from components import progress
from pipeline.runner import explain, nodes
from pipeline.runner.compiled import Compiled
from pipeline.runner.shared_metadata import SharedMetadata
from pipeline.runner.state import CACHED, WOULD_RUN

_SPECS = (executable_spec_pb2.PythonClassExecutableSpec, executable_spec_pb2.BeamExecutableSpec)


class WouldRun(Exception):
    """The node is not in the cache."""


class NoExecutor(base_executor_operator.BaseExecutorOperator):
    """Takes the place of every executor."""

    SUPPORTED_EXECUTOR_SPEC_TYPE = list(_SPECS)
    SUPPORTED_PLATFORM_CONFIG_TYPE: list[type] = []

    def run_executor(self, execution_info: data_types.ExecutionInfo) -> NoReturn:
        """Runs nothing."""
        raise WouldRun


def dry_run(compiled: Compiled, connection: ConnectionConfig) -> None:
    """Tells of each node whether it would run, and why.

    Args:
        compiled: The run, over a folder for artifacts that is only this run's.
        connection: To a copy of the store, which is written to.
    """
    for node, state, why in _nodes(compiled, connection):
        progress.emit("node_finished", node=node, state=state, seconds=None)
        progress.emit("explained", node=node, reasons=why)


def _nodes(compiled: Compiled, connection: ConnectionConfig) -> Iterator[tuple[str, str, list[str]]]:
    lost: set[str] = set()
    for node in compiled.nodes:
        if waits := sorted(compiled.upstream[node] & lost):
            lost.add(node)
            yield node, WOULD_RUN, [f"{name} would run" for name in waits]
            continue
        try:
            nodes.run_node(compiled, node, connection, dict.fromkeys(_SPECS, NoExecutor))
            state = CACHED
        except WouldRun:
            lost.add(node)
            state = WOULD_RUN
        yield node, state, why(compiled, node, connection)


def why(compiled: Compiled, node: str, connection: ConnectionConfig) -> list[str]:
    """Returns why a node of a run has run, or has not."""
    with SharedMetadata(connection) as handle:
        return explain.reasons(handle, compiled, node)


def copied(connection: ConnectionConfig, file: Path) -> ConnectionConfig:
    """Copies a store on SQLite, also one in use, and returns the connection to the copy."""
    file.parent.mkdir(parents=True, exist_ok=True)
    source = Path(connection.sqlite.filename_uri)
    if source.exists():
        with closing(sqlite3.connect(source)) as store, closing(sqlite3.connect(file)) as copy:
            store.backup(copy)
    return metadata.sqlite_metadata_connection_config(str(file))
