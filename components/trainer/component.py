"""TFX's Trainer with the project's executor."""

from typing import Any

from tfx import types
from tfx.components.trainer import component
from tfx.dsl.components.base import executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter

from components.reference_predictions import RAW_EXAMPLES
from components.trainer.executor import Executor


class Trainer(component.Trainer):
    """TFX's Trainer; its executions carry the runs of experiment trackers, its models some of their predictions.

    Args:
        raw_examples: The examples before Transform. Predictions for some of them are kept with the model.
        **arguments: Those of TFX's Trainer.
    """

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, raw_examples: types.BaseChannel | None = None, **arguments: Any) -> None:
        super().__init__(**arguments)
        if raw_examples:
            # TFX's Trainer makes its spec itself, which knows no such input.
            self.spec.INPUTS = {**self.spec.INPUTS, RAW_EXAMPLES: ChannelParameter(type=standard_artifacts.Examples)}
            self.spec.inputs[RAW_EXAMPLES] = raw_examples
