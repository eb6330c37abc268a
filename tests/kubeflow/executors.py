"""Executors that show what a step is given."""

import json
import signal
from pathlib import Path

from tfx.dsl.components.base import base_executor
from tfx.types import Artifact

from components.errors import DataRefused


class Note(Artifact):
    TYPE_NAME = "slipway.Note"


class Noting(base_executor.BaseExecutor):
    """Writes down what it was given into its output, a custom artifact."""

    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802
        (examples,), (note,) = input_dict["examples"], output_dict["note"]
        assert isinstance(note, Note)
        context = self._context
        found = {
            "type": type(examples).__name__,
            "splits": examples.split_names,
            "list": examples.get_json_value_custom_property("list"),
            "inputs": sorted(input_dict),
            "properties": exec_properties,
            "pipeline": context.pipeline_info.id,
            "run": context.pipeline_run_id,
            "number": int(Path(context.get_tmp_path()).name) > 0,
        }
        Path(note.uri, "note.json").write_text(json.dumps(found))
        note.set_string_custom_property("written", "yes")


class Refusing(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802
        raise ValueError("wrapped") from DataRefused("The data must match the schema.", received="fare")


class Stopped(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802
        signal.raise_signal(signal.SIGTERM)
