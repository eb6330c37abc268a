"""TFX's Trainer with the project's executor."""

from tfx.components.trainer import component
from tfx.dsl.components.base import executor_spec

from components.trainer.executor import Executor


class Trainer(component.Trainer):
    """TFX's Trainer; its executions carry the runs of experiment trackers."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
