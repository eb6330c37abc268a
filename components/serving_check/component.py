"""The ServingCheck component. TFX's InfraValidator needs Docker or Kubernetes, and only sees that a server answers."""

from collections.abc import Sequence

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.utils import json_utils

from components.serving_check.config import ServingCheckConfig
from components.serving_check.executor import Executor
from components.settings import to_dict


class ServingCheckSpec(types.ComponentSpec):
    """Inputs, outputs and parameters of ServingCheck."""

    PARAMETERS = {"config": ExecutionParameter(type=str), "labels": ExecutionParameter(type=str)}
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
    }
    OUTPUTS = {"blessing": ChannelParameter(type=standard_artifacts.InfraBlessing)}


class ServingCheck(base_component.BaseComponent):
    """Asks the exported model elsewhere, in a process that has only TensorFlow, before it is pushed.

    Args:
        model: From the Trainer, with the predictions that it keeps beside a model.
        examples: The raw examples, with an eval split.
        schema: The schema of the raw features.
        labels: The raw features that a client does not have.
        config: What is sent, and the limits.

    Outputs:
        blessing: An InfraBlessing as InfraValidator writes it, with `check.json`; its custom property `reason` says
            why the model is not blessed.

    Raises:
        UsageError: The configuration does not make sense.
    """

    SPEC_CLASS = ServingCheckSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: types.BaseChannel,
        examples: types.BaseChannel,
        schema: types.BaseChannel,
        labels: Sequence[str],
        config: ServingCheckConfig,
    ) -> None:
        config.check()
        spec = ServingCheckSpec(
            model=model,
            examples=examples,
            schema=schema,
            labels=json_utils.dumps(list(labels)),
            config=json_utils.dumps(to_dict(config)),
            blessing=types.Channel(type=standard_artifacts.InfraBlessing),
        )
        super().__init__(spec=spec)
