"""TFX's executor of the Trainer, which links its execution in ML Metadata with the runs of experiment trackers."""

from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.trainer.executor import GenericExecutor
from tfx.orchestration.portable import outputs_utils
from tfx.proto.orchestration import execution_result_pb2

from components.trainer.trackers.execution import Execution, running


class Executor(GenericExecutor):
    """Calls `run_fn` as TFX does, and tells ML Metadata about the trackers' runs.

    They become custom properties of the execution, `<tracker>_run_id` and `<tracker>_location`, once it is complete:
    TFX publishes none of one that failed.
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
        output = execution_result_pb2.ExecutorOutput()
        outputs_utils.populate_output_artifact(output, output_dict)
        outputs_utils.populate_exec_properties(output, {**exec_properties, **execution.properties})
        return output
