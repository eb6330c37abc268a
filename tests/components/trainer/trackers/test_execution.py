import threading

from components.trainer.trackers.execution import Execution, TrackedRun, current, running, tracked_runs

RUN = TrackedRun("wandb", "a1", "home/wandb/offline-run-a1")


def test_what_an_execution_carries_can_be_read_back():
    execution = Execution("taxi", "taxi-1", 7, [RUN, TrackedRun("mlflow", "b2", "sqlite:///mlflow.db")])
    others = {"run_fn": "components.trainer.run_fn.run_fn", "some_run_id": "without a location"}
    assert tracked_runs({**others, **execution.properties}) == tuple(reversed(execution.tracked)), "by name"
    assert tracked_runs(others) == ()


def test_the_tags_name_pipeline_run_and_execution():
    assert Execution("taxi", "taxi-1", 7).tags == {
        "mlmd.pipeline": "taxi",
        "mlmd.pipeline_run": "taxi-1",
        "mlmd.execution": "7",
    }


def test_an_execution_is_current_inside_the_context_and_in_its_thread_only():
    seen = []
    with running(Execution("taxi", "taxi-1", 7)) as execution:
        assert current() is execution
        other = threading.Thread(target=lambda: seen.append(current()))
        other.start()
        other.join()
    assert current() is None
    assert seen == [None]
