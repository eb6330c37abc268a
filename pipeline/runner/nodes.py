"""Runs a node of a compiled pipeline on TFX's Launcher, drivers and publishers."""

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import partial_run_utils
from tfx.orchestration.portable.mlmd import execution_lib

from components.errors import ComponentFailed, UsageError
from pipeline.runner import leftovers
from pipeline.runner.compiled import Compiled
from pipeline.runner.failure import Interrupted, as_error
from pipeline.runner.launcher import Launcher
from pipeline.runner.shared_metadata import SharedMetadata

Outputs = dict[str, list[types.Artifact]]
_STATES = metadata_store_pb2.Execution


@dataclass(frozen=True)
class NodeResult:
    """How a node ended: whether its outputs came from an earlier run, and what they are."""

    cached: bool
    outputs: Outputs


def run_node(
    compiled: Compiled,
    node_id: str,
    connection: metadata_store_pb2.ConnectionConfig,
    operators: Mapping[Any, Any] | None = None,
) -> NodeResult:
    """Runs a node: driver, executor, publisher.

    Args:
        compiled: The run.
        node_id: One of its nodes.
        connection: To ML Metadata.
        operators: What runs each kind of executor; None takes TFX's.

    Raises:
        Exception: Whatever the executor raised; ML Metadata then holds a failed execution, or a canceled one where the
            run was interrupted.
    """
    try:
        execution = Launcher(
            pipeline_node=compiled.nodes[node_id],
            resolvers=compiled.resolvers,
            mlmd_connection=SharedMetadata(connection),
            pipeline_info=compiled.ir.pipeline_info,
            pipeline_runtime_spec=compiled.ir.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(compiled.deployment, node_id),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(compiled.deployment, node_id),
            custom_executor_operators=operators,
        ).launch()
    except Exception as error:
        if isinstance(as_error(error), Interrupted):
            _cancel(compiled, node_id, connection)
        raise
    logging.info("Node %s has ended.", node_id)
    if execution is None or execution.execution_id is None:
        return NodeResult(cached=False, outputs={})
    return result(node_id, execution.execution_id, connection)


def take_over_latest_run(compiled: Compiled, connection: metadata_store_pb2.ConnectionConfig) -> None:
    """Lets a partial run find what the latest run made in the nodes that it leaves out.

    Raises:
        UsageError: There was none.
    """
    with SharedMetadata(connection) as handle:
        try:
            partial_run_utils.snapshot(handle, compiled.ir)
        except LookupError as error:
            raise UsageError(
                "A partial run needs an earlier run to take its inputs from.",
                received=str(error),
                fix="Run the whole pipeline once.",
            ) from error


def _cancel(compiled: Compiled, node_id: str, connection: metadata_store_pb2.ConnectionConfig) -> None:
    # The failure that the Launcher has published says more of it than nothing; the interrupt is what is raised.
    with contextlib.suppress(Exception), SharedMetadata(connection) as handle:
        leftovers.cancel(handle.store, compiled.run_id, f"{compiled.ir.pipeline_info.id}.{node_id}")


def execution_of(handle: metadata.Metadata, compiled: Compiled, node_id: str) -> metadata_store_pb2.Execution | None:
    """Returns the execution of a node in a run; None if it has none."""
    contexts = [
        handle.store.get_context_by_type_and_name(kind, name)
        for kind, name in (("node", f"{compiled.ir.pipeline_info.id}.{node_id}"), ("pipeline_run", compiled.run_id))
    ]
    if None in contexts:
        return None
    found = execution_lib.get_executions_associated_with_all_contexts(handle, contexts)
    return max(found, key=lambda execution: execution.id, default=None)


def result(node_id: str, execution_id: int, connection: metadata_store_pb2.ConnectionConfig) -> NodeResult:
    """Returns how a node ended.

    Args:
        node_id: The node.
        execution_id: Its execution.
        connection: To ML Metadata.

    Raises:
        ComponentFailed: Its inputs were not there: the Launcher publishes that as a failure without raising.
    """
    with SharedMetadata(connection) as handle:
        [execution] = handle.store.get_executions_by_id([execution_id])
        if execution.last_known_state == _STATES.FAILED:
            reason = execution_lib.get_execution_result(execution).result_message or "no reason given"
            raise ComponentFailed(f"Node {node_id} could not start.", received=reason, fix="The log says more.")
        outputs = execution_lib.get_output_artifacts(handle, execution_id)
    return NodeResult(
        execution.last_known_state == _STATES.CACHED, {key: list(value) for key, value in outputs.items()}
    )
