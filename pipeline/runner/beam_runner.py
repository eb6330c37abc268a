"""TFX's BeamDagRunner in place of this project's scheduling: a whole run as one Beam pipeline, in one child."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ml_metadata.proto.metadata_store_pb2 import ConnectionConfig, Execution
from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner
from tfx.proto.orchestration import pipeline_pb2

from components import progress
from components.errors import SlipwayError
from pipeline.runner import nodes
from pipeline.runner.compiled import Compiled
from pipeline.runner.nodes import NodeResult
from pipeline.runner.shared_metadata import SharedMetadata
from pipeline.runner.state import CACHED, COMPLETE, FAILED, NOT_RUN

_STATES: Mapping["Execution.State", str] = {
    Execution.COMPLETE: COMPLETE,
    Execution.CACHED: CACHED,
    Execution.FAILED: FAILED,
}


def run_on_beam(compiled: Compiled, connection: ConnectionConfig, beam_args: Sequence[str]) -> None:
    """Runs a pipeline to its end.

    Args:
        compiled: The run.
        connection: To ML Metadata.
        beam_args: Beam's options for the pipeline of the nodes; each node has its own beside.

    Raises:
        Exception: Whatever a node raised; Beam wraps it.
    """
    config = pipeline_pb2.IntermediateDeploymentConfig()
    compiled.ir.deployment_config.Unpack(config)
    config.metadata_connection_config.Pack(connection)
    compiled.ir.deployment_config.Pack(config)
    # It gives its pipeline no options, and Beam then takes those of the command line.
    sys.argv[1:] = beam_args
    BeamDagRunner().run_with_ir(compiled.ir)


def results(
    compiled: Compiled, connection: ConnectionConfig, report: Callable[[str, NodeResult], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Tells how the nodes ended, as ML Metadata has it.

    Args:
        compiled: The run.
        connection: To ML Metadata.
        report: Says of a node that ended well what the run's outcome depends on.

    Returns:
        What `report` said by node.
    """
    told = {}
    for node in compiled.nodes:
        with SharedMetadata(connection) as handle:
            execution = nodes.execution_of(handle, compiled, node)
        if execution is None:
            progress.emit("node_finished", node=node, state=NOT_RUN, seconds=None)
            continue
        state = _STATES.get(execution.last_known_state, FAILED)
        started, ended = execution.create_time_since_epoch / 1000, execution.last_update_time_since_epoch / 1000
        progress.emit("node_started", node=node, time=started)
        progress.emit("node_finished", node=node, time=ended, state=state, seconds=ended - started)
        if state != FAILED:
            told[node] = report(node, nodes.result(node, execution.id, connection))
    return told


def failure_of(run: Callable[[], Any]) -> dict[str, SlipwayError]:
    """Returns the error that a run ended with, by the name of who raised it; empty where it ended well."""
    try:
        run()
    except SlipwayError as error:
        return {"BeamDagRunner": error}
    return {}
