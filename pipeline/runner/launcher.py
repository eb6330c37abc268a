"""TFX's Launcher with a cache that looks: a hit needs its artifacts to be there and whole."""

import logging
import shutil
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.orchestration import metadata
from tfx.orchestration.portable import data_types, execution_publish_utils, launcher, outputs_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import executable_spec_pb2, execution_result_pb2, pipeline_pb2
from tfx.utils import typing_utils

from components import progress
from components.errors import ComponentFailed
from pipeline.payload import BYTES_PROPERTY, DIGEST_PROPERTY, measure

Outputs = dict[str, list[types.Artifact]]


class Launcher(launcher.Launcher):
    """Notes size and digest of what a node has made, and compares them before it is taken instead of running again.

    TFX takes an output from its cache as soon as its path exists. Here what is gone or changed is marked as deleted in
    ML Metadata and said aloud, and the node runs.

    Beam's options are not in the key of the cache: where a node was computed does not decide on what it has made.

    Args:
        pipeline_node: The node.
        resolvers: The nodes that find artifacts of earlier runs. Of those that the others have made each must still be
            what was published when a node reads it.
        **more: As for TFX's Launcher.
    """

    def __init__(
        self, pipeline_node: pipeline_pb2.PipelineNode, resolvers: Set[str] = frozenset(), **more: Any
    ) -> None:
        self._resolvers = resolvers
        self._use_cache = pipeline_node.execution_options.caching_options.enable_cache
        uncached = pipeline_pb2.PipelineNode()
        uncached.CopyFrom(pipeline_node)
        uncached.execution_options.caching_options.enable_cache = False
        super().__init__(pipeline_node=uncached, **more)
        # TFX reads it for the key of the cache alone from here on.
        self._executor_spec = _without_beam_args(more.get("executor_spec"))
        self._system: Path | None = None

    def launch(self) -> Any:
        """Runs the node as TFX does, and leaves no folder but those of its outputs."""
        try:
            return super().launch()
        finally:
            # TFX keeps what drivers told, and the working folder of a node that failed, which no later attempt finds.
            for folder in self._system.glob("*/*") if self._system else ():
                shutil.rmtree(folder, ignore_errors=True)

    def _prepare_execution(self) -> Any:
        """Does what TFX does, with a look at the artifacts between finding and taking them."""
        prepared = super()._prepare_execution()
        if uri := prepared.execution_info.execution_output_uri:
            self._system = Path(uri).parents[2]
        if not (self._use_cache and prepared.is_execution_needed and self._executor_operator):
            return prepared
        with self._mlmd_connection as handle:
            found = _whole_outputs(handle, prepared.contexts[-1], self._pipeline_node.node_info.id)
            if found is None:
                return prepared
            execution_publish_utils.publish_cached_executions(
                metadata_handle=handle,
                contexts=prepared.contexts,
                executions=[prepared.execution_metadata],
                output_artifacts_maps=[found],
            )
        outputs_utils.remove_stateful_working_dir(prepared.execution_info.stateful_working_dir)
        prepared.is_execution_needed = False
        return prepared

    def _run_executor(self, execution_info: data_types.ExecutionInfo) -> execution_result_pb2.ExecutorOutput:
        for key, artifacts in execution_info.input_dict.items():
            channels = self._pipeline_node.inputs.inputs[key].channels
            if not any(channel.producer_node_query.id in self._resolvers for channel in channels):
                _require_whole(self._pipeline_node.node_info.id, artifacts)
        return super()._run_executor(execution_info)

    def _publish_successful_execution(
        self,
        execution_id: int,
        contexts: list[metadata_store_pb2.Context],
        output_dict: typing_utils.ArtifactMultiMap,
        executor_output: execution_result_pb2.ExecutorOutput,
    ) -> None:
        _note_payloads(output_dict, executor_output)
        super()._publish_successful_execution(execution_id, contexts, output_dict, executor_output)


def _without_beam_args(spec: Any) -> Any:
    """Returns an executor's specification as if Beam had no options."""
    if not isinstance(spec, executable_spec_pb2.BeamExecutableSpec):
        return spec
    return executable_spec_pb2.BeamExecutableSpec(python_executor_spec=spec.python_executor_spec)


def _note_payloads(outputs: typing_utils.ArtifactMultiMap, told: execution_result_pb2.ExecutorOutput | None) -> None:
    """Adds size and digest to the artifacts that will be published: those that the executor tells, or the others.

    The size is a double: on servers ML Metadata keeps whole numbers in 32 bits.
    """
    for key, artifacts in outputs.items():
        replaced = told.output_artifacts[key].artifacts if told and key in told.output_artifacts else None
        for number, artifact in enumerate(artifacts):
            message = artifact.mlmd_artifact if replaced is None else replaced[number]
            if not _is_remote(message.uri) and (payload := measure(Path(message.uri))):
                message.custom_properties[BYTES_PROPERTY].double_value = payload.bytes
                message.custom_properties[DIGEST_PROPERTY].string_value = payload.digest


def _whole_outputs(handle: metadata.Metadata, context: metadata_store_pb2.Context, node: str) -> Outputs | None:
    """Returns the newest outputs of a cache entry of which every artifact is there and whole."""
    executions = filter(execution_lib.is_execution_successful, handle.store.get_executions_by_context(context.id))
    for execution in execution_lib.sort_executions_newest_to_oldest(executions):
        outputs = execution_lib.get_output_artifacts(handle, execution.id)
        artifacts = [artifact for kept in outputs.values() for artifact in kept]
        # What was deleted on purpose needs no words.
        if any(artifact.mlmd_artifact.state != metadata_store_pb2.Artifact.LIVE for artifact in artifacts):
            continue
        faults = {artifact.id: reason for artifact in artifacts if (reason := _fault(artifact)) is not None}
        if not faults:
            return {key: list(kept) for key, kept in outputs.items()}
        for artifact in artifacts:
            if artifact.id in faults:
                _mark_deleted(handle, artifact, node, faults[artifact.id])
    return None


def _require_whole(node: str, artifacts: Iterable[types.Artifact]) -> None:
    for artifact in artifacts:
        if (reason := _fault(artifact)) is not None:
            raise ComponentFailed(
                f"What {node} reads must be as it was published.",
                received=f"{artifact.type_name} {artifact.id}: {reason} ({artifact.uri})",
                fix="Run again: it is then made again.",
            )


def _fault(artifact: types.Artifact) -> str | None:
    """Returns what is wrong with an artifact's files; None if nothing is, as far as was noted when it was made."""
    if _is_remote(artifact.uri):
        return None
    payload = measure(Path(artifact.uri))
    if payload is None:
        return "it is gone"
    noted = artifact.mlmd_artifact.custom_properties
    if DIGEST_PROPERTY not in noted or payload.digest == noted[DIGEST_PROPERTY].string_value:
        return None
    before = int(noted[BYTES_PROPERTY].double_value)
    return "its content has changed" if payload.bytes == before else f"it has {payload.bytes} bytes, not {before}"


def _mark_deleted(handle: metadata.Metadata, artifact: types.Artifact, node: str, reason: str) -> None:
    notice = f"{node} cannot take {artifact.type_name} {artifact.id} again: {reason} ({artifact.uri})."
    logging.warning(notice)
    progress.emit("notice", message=notice)
    message = metadata_store_pb2.Artifact()
    message.CopyFrom(artifact.mlmd_artifact)
    message.state = metadata_store_pb2.Artifact.DELETED
    handle.store.put_artifacts([message])


def _is_remote(uri: str) -> bool:
    return "://" in uri
