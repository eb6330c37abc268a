"""Runs the nodes of a compiled pipeline one after the other, on TFX's own Launcher, drivers and publishers."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.compiler import compiler, constants
from tfx.orchestration import metadata
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher, partial_run_utils, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2

from components.errors import ComponentFailed, UsageError, did_you_mean

Outputs = dict[str, list[types.Artifact]]
_STATES = metadata_store_pb2.Execution


@dataclass(frozen=True)
class NodeResult:
    """How a node ended: whether its outputs came from an earlier run, and what they are."""

    cached: bool
    outputs: Outputs


class Nodes:
    """The nodes of one run of a pipeline, in topological order.

    Args:
        pipeline: The pipeline, with its connection to ML Metadata.
        run_id: The name of the run in ML Metadata.
        from_node: First node that runs; what is before it is taken from the latest run. None: from the start.
        to_node: Last node that runs. None: to the end.

    Raises:
        UsageError: A node does not exist.
    """

    def __init__(
        self, pipeline: tfx_pipeline.Pipeline, run_id: str, from_node: str | None = None, to_node: str | None = None
    ) -> None:
        self._ir = compiler.Compiler().compile(pipeline)
        runtime_parameter_utils.substitute_runtime_parameter(
            self._ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
        )
        self._deployment = runner_utils.extract_local_deployment_config(self._ir)
        self._connection = pipeline.metadata_connection_config
        if from_node or to_node:
            self._mark_partial(from_node, to_node)

    @property
    def ids(self) -> list[str]:
        """The ids of the nodes that will run."""
        return [node.node_info.id for node in self._running()]

    def _running(self) -> Iterator[pipeline_pb2.PipelineNode]:
        for node in self._ir.nodes:
            if not node.pipeline_node.execution_options.HasField("skip"):
                yield node.pipeline_node

    def _mark_partial(self, from_node: str | None, to_node: str | None) -> None:
        known = [node.pipeline_node.node_info.id for node in self._ir.nodes]
        for name in filter(None, (from_node, to_node)):
            if name not in known:
                raise UsageError("A node must be one of the pipeline's.", received=name, fix=did_you_mean(name, known))
        partial_run_utils.mark_pipeline(
            self._ir, from_nodes=[from_node] if from_node else None, to_nodes=[to_node] if to_node else None
        )

    def run(self, node_id: str) -> NodeResult:
        """Runs a node: driver, executor, publisher.

        Raises:
            Exception: Whatever the executor raised; ML Metadata then holds a failed execution.
        """
        node = next(node for node in self._running() if node.node_info.id == node_id)
        if node.execution_options.run.perform_snapshot:
            self._take_over_latest_run()
        execution = launcher.Launcher(
            pipeline_node=node,
            mlmd_connection=metadata.Metadata(self._connection),
            pipeline_info=self._ir.pipeline_info,
            pipeline_runtime_spec=self._ir.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(self._deployment, node_id),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(self._deployment, node_id),
        ).launch()
        logging.info("Node %s has ended.", node_id)
        if execution is None or execution.execution_id is None:
            return NodeResult(cached=False, outputs={})
        return self._result(node_id, execution.execution_id)

    def _take_over_latest_run(self) -> None:
        with metadata.Metadata(self._connection) as handle:
            try:
                partial_run_utils.snapshot(handle, self._ir)
            except LookupError as error:
                raise UsageError(
                    "A partial run needs an earlier run to take its inputs from.",
                    received=str(error),
                    fix="Run the whole pipeline once.",
                ) from error

    def _result(self, node_id: str, execution_id: int) -> NodeResult:
        """Reads how the node ended: the Launcher publishes unresolved inputs as a failure without raising."""
        with metadata.Metadata(self._connection) as handle:
            [execution] = handle.store.get_executions_by_id([execution_id])
            if execution.last_known_state == _STATES.FAILED:
                reason = execution_lib.get_execution_result(execution).result_message or "no reason given"
                raise ComponentFailed(f"Node {node_id} could not start.", received=reason, fix="The log says more.")
            outputs = execution_lib.get_output_artifacts(handle, execution_id)
        return NodeResult(
            execution.last_known_state == _STATES.CACHED, {key: list(value) for key, value in outputs.items()}
        )
