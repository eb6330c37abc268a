"""What an executor has made, as the ExecutorOutput that KFP's launcher or Vertex reads."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import json_format
from tfx.dsl.io import fileio
from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_entrypoint_utils
from tfx.types import Artifact, artifact_utils, standard_artifacts
from tfx.types.value_artifact import ValueArtifact

from components.errors import ComponentFailed
from kubeflow.step.executor_input import Json

BLESSINGS = (standard_artifacts.ModelBlessing, standard_artifacts.InfraBlessing)
_BLESSED = "blessed"


def executor_output(
    outputs: Mapping[str, list[Artifact]], parameters: Iterable[str], names: Mapping[int, str], local: bool = True
) -> Json:
    """Returns the ExecutorOutput as JSON.

    Args:
        outputs: The artifacts.
        parameters: Outputs that are handed on as values too.
        names: The names of artifacts by the numbers that TFX made of them.
        local: Whether the URIs are local paths: KFP's launcher would take them for the artifacts' own
            (KFP/v2/component/launcher_v2.go:1188), so they are left out.
    """
    judged(outputs)
    found = kubeflow_v2_entrypoint_utils.translate_executor_output(outputs, names)
    artifacts = {key: json_format.MessageToDict(value) for key, value in found.items()}
    for value in artifacts.values():
        value["artifacts"] = [_artifact(artifact, local) for artifact in value["artifacts"]]
    return {"artifacts": artifacts, "parameterValues": {key: _value(outputs, key) for key in parameters}}


def _artifact(artifact: Json, local: bool) -> Json:
    """Leaves out what the launcher must not take over, and nulls, which it cannot read (converter.go:138)."""
    metadata = {key: value for key, value in artifact.get("metadata", {}).items() if value is not None}
    kept = () if local else ("name", "uri")
    return {**{key: value for key, value in artifact.items() if key in kept}, "metadata": metadata}


def judged(outputs: Mapping[str, list[Artifact]]) -> None:
    """Marks blessings about which nothing was said as refused: a condition on them needs a value.

    TFX's Evaluator says nothing where there are no thresholds.
    """
    for artifact in (artifact for artifacts in outputs.values() for artifact in artifacts):
        if isinstance(artifact, BLESSINGS) and not artifact.has_custom_property(_BLESSED):
            artifact.set_int_custom_property(_BLESSED, 0)


def _value(outputs: Mapping[str, list[Artifact]], key: str) -> Any:
    artifact = artifact_utils.get_single_instance(outputs[key]) if key in outputs else None
    if not isinstance(artifact, ValueArtifact):
        raise ComponentFailed("An output parameter must be a value artifact.", received=key)
    return artifact.read()


def write(uri: str, output: Json) -> None:
    """Writes an ExecutorOutput, whole."""
    fileio.makedirs(uri.rpartition("/")[0])
    beside = f"{uri}.part"
    with fileio.open(beside, "w") as file:
        file.write(json.dumps(output, sort_keys=True))
    fileio.rename(beside, uri, overwrite=True)
