"""What the Pusher does with a blessed model."""

import json
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.pusher import executor
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils
from tfx.utils import io_utils, proto_utils

from components.pusher import versions


class Executor(executor.Executor):
    """Publishes the model in a folder of this machine; to an object store TFX's own executor copies it.

    TFX 1.21 copies a model file by file under its final name, takes the time for its number, and pushes nothing where
    there is a version of the same second.
    """

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes a model that every check has blessed; see the base class."""
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(exec_properties["push_destination"], destination)
        directory = destination.filesystem.base_directory
        if "://" in directory:
            super().Do(input_dict, output_dict, exec_properties)
            return
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(output_dict["pushed_model"])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        model = self.GetModelPath(input_dict)
        io_utils.copy_dir(model, pushed.uri)
        keep = (json.loads(exec_properties.get("custom_config") or "null") or {}).get("keep")
        path = versions.publish(Path(model), Path(directory), keep)
        self._MarkPushed(pushed, pushed_destination=str(path), pushed_version=path.name)
