"""TFX's executor of the Trainer, which describes the model and links its execution with runs of experiment trackers."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.trainer import fn_args_utils
from tfx.components.trainer.executor import GenericExecutor
from tfx.orchestration.portable import outputs_utils
from tfx.proto.orchestration import execution_result_pb2
from tfx.types import artifact_utils
from tfx.utils import io_utils, json_utils, path_utils

from components.reference_predictions import RAW_EXAMPLES, SPLIT
from components.settings import from_dict
from components.trainer.config import TrainingConfig
from components.trainer.describe import describe
from components.trainer.trackers.execution import Execution, running


class Executor(GenericExecutor):
    """Calls `run_fn` as TFX does, describes the model, and tells ML Metadata about the trackers' runs.

    The description goes into the model's folder, with the names of the classes that are in `custom_config["classes"]`
    (`components/model_description.py`). The runs become custom properties of the execution, `<tracker>_run_id` and
    `<tracker>_location`, once it is complete: TFX publishes none of one that failed.
    """

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> execution_result_pb2.ExecutorOutput:
        """See the base class."""
        context = self._context
        # The context gives the execution's id only as the name of its temporary folder.
        number = int(Path(context.get_tmp_path()).name)
        with running(Execution(context.pipeline_info.id, context.pipeline_run_id, number)) as execution:
            super().Do(input_dict, output_dict, exec_properties)
        if input_dict.get("schema"):
            _describe(input_dict, output_dict, json_utils.loads(exec_properties["custom_config"]))
        output = execution_result_pb2.ExecutorOutput()
        outputs_utils.populate_output_artifact(output, output_dict)
        outputs_utils.populate_exec_properties(output, {**exec_properties, **execution.properties})
        return output

    def _GetFnArgs(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> fn_args_utils.FnArgs:
        """Returns what TFX gives `run_fn`, with the folders of the raw examples that predictions are kept for."""
        arguments = super()._GetFnArgs(input_dict, output_dict, exec_properties)
        if raw := input_dict.get(RAW_EXAMPLES):
            arguments.custom_config[RAW_EXAMPLES] = artifact_utils.get_split_uris(raw, SPLIT)
        return arguments


def _describe(
    inputs: dict[str, list[types.Artifact]], outputs: dict[str, list[types.Artifact]], custom_config: dict[str, Any]
) -> None:
    """Writes the description of the model that has been exported."""
    schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(inputs["schema"])))
    labels = from_dict(TrainingConfig, custom_config["training"]).labels
    model = path_utils.serving_model_path(artifact_utils.get_single_uri(outputs["model"]))
    describe(schema, labels, custom_config.get("classes", ())).write(Path(model))
