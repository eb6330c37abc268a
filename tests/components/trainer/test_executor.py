"""The Trainer's executor and ML Metadata: what the one returns is what the other keeps of an execution."""

from types import SimpleNamespace

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.components.trainer.executor import GenericExecutor
from tfx.dsl.components.base import base_executor
from tfx.types import standard_artifacts

from components.trainer.component import Trainer
from components.trainer.executor import Executor
from components.trainer.trackers.execution import TrackedRun, current, tracked_runs

RUN = TrackedRun("mlflow", "b2", "sqlite:///mlflow.db")


@pytest.fixture
def executor():
    context = base_executor.BaseExecutor.Context(
        pipeline_info=SimpleNamespace(id="taxi"), pipeline_run_id="taxi-1", unique_id="7", tmp_dir="/pipelines/.temp"
    )
    return Executor(context)


def test_a_training_learns_its_execution_and_the_execution_its_trackers(executor, monkeypatch):
    seen = []

    def train(self, input_dict, output_dict, exec_properties):
        seen.append(current().tags)
        current().tracked.append(RUN)

    monkeypatch.setattr(GenericExecutor, "Do", train)
    model = standard_artifacts.Model()
    model.uri = "/pipelines/taxi/Trainer/model/7"
    output = executor.Do({}, {"model": [model]}, {"run_fn": "a.run_fn"})

    assert seen == [{"mlmd.pipeline": "taxi", "mlmd.pipeline_run": "taxi-1", "mlmd.execution": "7"}]
    properties = {name: value.string_value for name, value in output.execution_properties.items()}
    assert tracked_runs(properties) == (RUN,)
    assert properties["run_fn"] == "a.run_fn", "as TFX publishes them without an executor of ours"
    [artifact] = output.output_artifacts["model"].artifacts
    assert (artifact.uri, type(artifact)) == (model.uri, metadata_store_pb2.Artifact)
    assert current() is None


def test_an_error_is_passed_on_and_ends_the_execution(executor, monkeypatch):
    def fail(*_):
        raise OSError("No space left")

    monkeypatch.setattr(GenericExecutor, "Do", fail)
    with pytest.raises(OSError, match="No space left"):
        executor.Do({}, {}, {})
    assert current() is None


def test_the_trainer_is_that_of_tfx_with_this_executor():
    assert Trainer.EXECUTOR_SPEC.executor_class is Executor
    assert Trainer.__name__ == "Trainer", "the id of the node"
