"""A pipeline as TFX's IR: which nodes run, what each waits for, and how it is written down for another process."""

import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tfx.dsl.compiler import compiler, constants
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import partial_run_utils, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from components.errors import UsageError, did_you_mean


class Compiled:
    """One run of a pipeline.

    Args:
        ir: TFX's intermediate representation, without a connection to ML Metadata.
    """

    def __init__(self, ir: pipeline_pb2.Pipeline) -> None:
        self.ir = ir

    @classmethod
    def of(
        cls, pipeline: tfx_pipeline.Pipeline, run_id: str, first: str | None = None, last: str | None = None
    ) -> "Compiled":
        """Compiles a pipeline.

        Args:
            pipeline: The pipeline.
            run_id: The name of the run in ML Metadata.
            first: First node that runs; what is before it is taken from the latest run. None: from the start.
            last: Last node that runs. None: to the end.

        Raises:
            UsageError: A node does not exist.
        """
        ir = compiler.Compiler().compile(pipeline)
        runtime_parameter_utils.substitute_runtime_parameter(ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id})
        _forget_connection(ir)
        _require([node.pipeline_node.node_info.id for node in ir.nodes], filter(None, (first, last)))
        if first or last:
            partial_run_utils.mark_pipeline(
                ir, from_nodes=[first] if first else None, to_nodes=[last] if last else None
            )
        return cls(ir)

    @classmethod
    def parse(cls, serialized: bytes) -> "Compiled":
        """Returns what `serialize` wrote down."""
        return cls(pipeline_pb2.Pipeline.FromString(serialized))

    def serialize(self) -> bytes:
        """Returns it as bytes."""
        return bytes(self.ir.SerializeToString(deterministic=True))

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return str(self.ir.runtime_spec.pipeline_run_id.field_value.string_value)

    @functools.cached_property
    def nodes(self) -> Mapping[str, pipeline_pb2.PipelineNode]:
        """The nodes that run by id, in topological order."""
        nodes = (node.pipeline_node for node in self.ir.nodes)
        return {node.node_info.id: node for node in nodes if not node.execution_options.HasField("skip")}

    @property
    def upstream(self) -> dict[str, frozenset[str]]:
        """The nodes that each node waits for, of those that run."""
        return {name: frozenset(node.upstream_nodes) & self.nodes.keys() for name, node in self.nodes.items()}

    @functools.cached_property
    def resolvers(self) -> frozenset[str]:
        """The nodes that find artifacts of earlier runs."""
        infos = (node.pipeline_node.node_info for node in self.ir.nodes)
        return frozenset(info.id for info in infos if info.type.name.endswith(".Resolver"))

    @property
    def takes_over(self) -> bool:
        """Whether some nodes take what the latest run made."""
        return any(node.execution_options.run.perform_snapshot for node in self.nodes.values())

    @property
    def roots(self) -> set[str]:
        """Import paths of the functions and executors that the nodes run."""
        told = (node.parameters.parameters.get("code") for node in self.nodes.values())
        return {root for code in told if code for root in json.loads(code.field_value.string_value)["roots"]}

    @functools.cached_property
    def deployment(self) -> Any:
        """Executors and drivers by node."""
        return runner_utils.extract_local_deployment_config(self.ir)


def _forget_connection(ir: pipeline_pb2.Pipeline) -> None:
    """Leaves out how ML Metadata is reached: it may hold a password, and the IR is written to a file."""
    config = pipeline_pb2.IntermediateDeploymentConfig()
    ir.deployment_config.Unpack(config)
    config.ClearField("metadata_connection_config")
    ir.deployment_config.Pack(config)


def _require(known: list[str], names: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise UsageError("A node must be one of the pipeline's.", received=name, fix=did_you_mean(name, known))
