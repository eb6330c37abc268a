"""The DataGate component. ExampleValidator only reports anomalies; this component acts on them."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.data_gate.executor import Executor


class DataVerdict(types.Artifact):
    """What DataGate found: `verdict.json` with `passed`, `compared_with` and a row per finding."""

    TYPE_NAME = "slipway.DataVerdict"


class DataGateSpec(types.ComponentSpec):
    """Inputs and outputs of DataGate."""

    PARAMETERS: dict[str, ExecutionParameter] = {}
    INPUTS = {
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "previous_statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics, optional=True),
    }
    OUTPUTS = {"verdict": ChannelParameter(type=DataVerdict)}


class DataGate(base_component.BaseComponent):
    """Fails, and so stops the run, when the data break the schema; warnings pass.

    A split may be empty or break the schema by itself, as ExampleValidator finds; it may have drifted from the same
    split of earlier data, or be skewed against the training split, by the schema's comparators.

    Args:
        statistics: From StatisticsGen.
        anomalies: From ExampleValidator.
        schema: The schema, whose comparators are applied here.
        examples: From ExampleGen; read only where something was found, for examples of it.
        previous_statistics: Those of earlier data, if there are any; None never looks for drift.

    Outputs:
        verdict: A DataVerdict, present when the data passed. Its custom property `statistics_id` is the id of the
            statistics, `data` ExampleGen's fingerprint of the data.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        statistics: types.BaseChannel,
        anomalies: types.BaseChannel,
        schema: types.BaseChannel,
        examples: types.BaseChannel,
        previous_statistics: types.BaseChannel | None = None,
    ) -> None:
        spec = DataGateSpec(
            statistics=statistics,
            anomalies=anomalies,
            schema=schema,
            examples=examples,
            previous_statistics=previous_statistics,
            verdict=types.Channel(type=DataVerdict),
        )
        super().__init__(spec=spec)
