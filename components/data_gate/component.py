"""The DataGate component. ExampleValidator only reports anomalies; this component acts on them."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.data_gate.executor import Executor


class DataVerdict(types.Artifact):
    """What DataGate found: `verdict.json` with `passed` and a row per anomaly."""

    TYPE_NAME = "slipway.DataVerdict"


class DataGateSpec(types.ComponentSpec):
    """Inputs and outputs of DataGate."""

    PARAMETERS: dict[str, ExecutionParameter] = {}
    INPUTS = {
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies),
    }
    OUTPUTS = {"verdict": ChannelParameter(type=DataVerdict)}


class DataGate(base_component.BaseComponent):
    """Fails, and so stops the run, when a split is empty or breaks the schema; warnings pass.

    Args:
        statistics: From StatisticsGen.
        anomalies: From ExampleValidator.

    Outputs:
        verdict: A DataVerdict, present when the data passed.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, statistics: types.BaseChannel, anomalies: types.BaseChannel) -> None:
        spec = DataGateSpec(statistics=statistics, anomalies=anomalies, verdict=types.Channel(type=DataVerdict))
        super().__init__(spec=spec)
