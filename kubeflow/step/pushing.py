"""Around the Pusher's executor: nothing is pushed twice, and what has been pushed is pointed to."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_entrypoint_utils
from tfx.proto import pusher_pb2
from tfx.types import Artifact
from tfx.utils import path_utils, proto_utils

from kubeflow import pointer
from kubeflow.step.record import ORIGIN

Artifacts = dict[str, list[Artifact]]
Entry = dict[str, Any]


def offered(entries: list[Entry], inputs: Artifacts, uris: Mapping[str, Sequence[str]]) -> dict[str, pointer.Offered]:
    """Returns what a later run may ask for, and takes out of the inputs what the executor does not know.

    Args:
        entries: `name` that a resolver asks for, `input` that is offered, and whether that is `pushed`.
        inputs: The step's inputs.
        uris: Their URIs in the object store, with which the metadata store knows what a resolver has found.
    """
    found = {}
    for entry in entries:
        artifacts = inputs.get(entry["input"]) if entry["pushed"] else inputs.pop(entry["input"], None)
        if artifacts:
            metadata = {**_metadata(artifacts[0]), ORIGIN: uris[entry["input"]][0]}
            found[entry["name"]] = pointer.Offered(Path(artifacts[0].uri), metadata, entry["pushed"])
    return found


def _metadata(artifact: Artifact) -> dict[str, Any]:
    """Returns an artifact's metadata as KFP would hand it on."""
    return json_format.MessageToDict(kubeflow_v2_entrypoint_utils.to_runtime_artifact(artifact, {}).metadata)


def up_to_date(inputs: Artifacts, outputs: Artifacts, exec_properties: dict[str, Any]) -> bool:
    """Returns whether the very model is what was pushed last, and marks it as pushed then.

    A baseline is copied anew for every run, so the Evaluator's key in KFP's cache is another one each time, and so is
    the Pusher's: a schedule over unchanged data would push the same model again and again.
    """
    if not (inputs.get("model") and outputs.get("pushed_model")):
        return False
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(exec_properties["push_destination"], destination)
    folder = Path(destination.filesystem.base_directory)
    model = Path(path_utils.serving_model_path(inputs["model"][0].uri))
    version = pointer.version_of(folder, model)
    if version is None:
        return False
    pushed = outputs["pushed_model"][0]
    shutil.copytree(model, pushed.uri, dirs_exist_ok=True)
    pushed.set_int_custom_property("pushed", 1)
    pushed.set_string_custom_property("pushed_destination", str(folder / version))
    pushed.set_string_custom_property("pushed_version", version)
    return True


def publish(found: dict[str, pointer.Offered], outputs: Artifacts) -> None:
    """Writes the pointer after a push; nothing if no model was pushed, or not into a folder."""
    for pushed in outputs.get("pushed_model", ()):
        place = pushed.get_string_custom_property("pushed_destination")
        if found and place and Path(place).is_dir():
            pointer.write(Path(place).parent, Path(place).name, found)
