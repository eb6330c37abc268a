"""What is left of a node that was killed, and what becomes of it."""

from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.runner import leftovers

FOLDERS = (
    "Trainer/model/1",
    "Trainer/.system/executor_execution/1",
    "Trainer/.system/stateful_working_dir/0b5c",
    "Pusher/.system/executor_execution/2",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*FOLDERS, "Pusher/pushed_model/2"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def killed(recorder) -> None:
    """The Trainer was killed in its executor; the Pusher after its end was published."""
    recorder.run("run-1", [("Trainer", "running"), ("Pusher", "complete")])


def folders(root: Path) -> list[str]:
    return [name for name in (*FOLDERS, "Pusher/pushed_model/2") if (root / name).exists()]


def states(recorder) -> list[int]:
    return [execution.last_known_state for execution in recorder.store.get_executions()]


def test_nothing_that_is_half_written_stays(recorder, root):
    killed(recorder)
    assert leftovers.close(recorder.store, "run-1", "It was killed.", root) == 1
    assert states(recorder) == [mlmd.Execution.FAILED, mlmd.Execution.COMPLETE]
    assert folders(root) == ["Pusher/pushed_model/2"]


def test_of_one_node_only_its_own_goes(recorder, root):
    killed(recorder)
    leftovers.close(recorder.store, "run-1", "It was killed.", root, node="taxi.Trainer")
    assert folders(root) == ["Pusher/.system/executor_execution/2", "Pusher/pushed_model/2"]
