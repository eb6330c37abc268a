import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.lineage.transformed import Transformed, latest

TRANSFORM = "tfx.components.transform.component.Transform"


@pytest.fixture
def transform(recorder, tmp_path):
    """Writes an execution of Transform as TFX does, and makes its folders."""

    def write(run, state=mlmd.Execution.COMPLETE, pipeline="taxi", taken_from=None):
        store = recorder.store
        pairs = []
        outputs = (("transform_graph", "TransformGraph"), ("transformed_examples", "Examples"))
        for key, name in outputs if taken_from else (("examples", "Examples"), *outputs):
            folder = tmp_path / (taken_from or run) / key
            folder.mkdir(parents=True, exist_ok=bool(taken_from))
            artifact = mlmd.Artifact(type_id=store.put_artifact_type(mlmd.ArtifactType(name=name)), uri=str(folder))
            event = mlmd.Event(type=mlmd.Event.INPUT if key == "examples" else mlmd.Event.OUTPUT)
            event.path.steps.add().key = key
            event.path.steps.add().index = 0
            pairs.append((artifact, event))
        kind = store.put_execution_type(mlmd.ExecutionType(name=TRANSFORM))
        contexts = [recorder._context("pipeline", pipeline), recorder._context("pipeline_run", run)]
        store.put_execution(mlmd.Execution(type_id=kind, last_known_state=state), pairs, contexts, True)
        folders = (str(tmp_path / (taken_from or run) / key) for key in (*dict(outputs), "examples"))
        return Transformed(run, *folders)

    return write


def test_the_latest_is_found(recorder, transform):
    transform("run-1")
    second = transform("run-2", mlmd.Execution.CACHED)
    transform("run-3", mlmd.Execution.FAILED)
    transform("other-1", pipeline="other")
    assert latest(recorder.path, "taxi") == second
    assert second.files("eval") == f"{second.examples}/Split-eval/*"


def test_a_run_that_took_the_outputs_over_knows_what_they_were_made_of(recorder, transform):
    transform("run-1")
    taken = transform("run-2", mlmd.Execution.CACHED, taken_from="run-1")
    assert taken.raw.endswith("run-1/examples")
    assert latest(recorder.path, "taxi") == taken


def test_what_was_deleted_is_passed_over(recorder, transform, tmp_path):
    first = transform("run-1")
    transform("run-2")
    (tmp_path / "run-2" / "transform_graph").rmdir()
    assert latest(recorder.path, "taxi") == first


def test_there_may_be_none(recorder, tmp_path):
    assert latest(tmp_path / "nothing.db", "taxi") is None
    assert latest(recorder.path, "taxi") is None
    recorder.run("run-1", [("Trainer", "complete")])
    assert latest(recorder.path, "taxi") is None
