"""TFX's ImportExampleGen with the project's executor."""

from tfx.components.example_gen.import_example_gen import component
from tfx.dsl.components.base import executor_spec

from components.example_gen.executor import Executor


class ImportExampleGen(component.ImportExampleGen):
    """TFX's ImportExampleGen, which on one machine takes records from file to file instead of into memory."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
