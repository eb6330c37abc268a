"""What a killed run leaves: its executions end, its folders go, and nothing else is touched."""

from pathlib import Path

import pytest
from ml_metadata.proto.metadata_store_pb2 import Execution

from pipeline.home import Home
from pipeline.runner import child, leftovers
from pipeline.runner.child import Child
from pipeline.runner.compiled import Compiled
from pipeline.runner.events import append, event, read_events
from pipeline.runner.nodes import run_node
from pipeline.runner.request import EVENTS_FILE, RunRequest
from pipeline.runner.shared_metadata import SharedMetadata
from pipeline.runner.tidy import tidy


@pytest.fixture
def killed(build, tmp_path):
    """Runs `Write` until it kills itself in the middle of its work; returns the pipeline."""
    pipeline = build("killed")
    compiled = Compiled.of(pipeline, "run-1")
    work = Child("Write", lambda: run_node(compiled, "Write", pipeline.metadata_connection_config), tmp_path / "log")
    while not work.ended():
        child.wait_any([work], 0.1)
    with pytest.raises(Exception, match="SIGKILL"):
        work.result()
    return pipeline


def executions(pipeline):
    with SharedMetadata(pipeline.metadata_connection_config) as handle:
        return handle.store.get_executions()


def close(pipeline, tmp_path: Path, **more):
    with SharedMetadata(pipeline.metadata_connection_config) as handle:
        return leftovers.close(handle.store, "run-1", "It was killed.", tmp_path / "root", **more)


def folders(tmp_path):
    return sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("root/Write/*/*"))


@pytest.mark.parametrize(("canceled", "state"), [(True, Execution.CANCELED), (False, Execution.FAILED)])
def test_an_execution_that_nobody_runs_ends(killed, tmp_path, canceled, state):
    [before] = executions(killed)
    assert before.last_known_state == Execution.RUNNING
    assert folders(tmp_path) != []
    assert close(killed, tmp_path, canceled=canceled) == 1
    [after] = executions(killed)
    assert after.last_known_state == state
    assert after.custom_properties[leftovers.REASON_PROPERTY].string_value == "It was killed."
    assert [path for path in folders(tmp_path) if path.endswith(f"/{after.id}")] == []
    assert close(killed, tmp_path) == 0


def test_of_other_nodes_and_other_runs_nothing_is_touched(killed, tmp_path):
    assert close(killed, tmp_path, node="two.Copy") == 0
    with SharedMetadata(killed.metadata_connection_config) as handle:
        assert leftovers.close(handle.store, "run-2", "", tmp_path / "root") == 0
    assert [execution.last_known_state for execution in executions(killed)] == [Execution.RUNNING]


def test_outputs_of_a_node_that_ended_well_stay(build, tmp_path):
    pipeline = build()
    compiled = Compiled.of(pipeline, "run-1")
    run_node(compiled, "Write", pipeline.metadata_connection_config)
    assert close(pipeline, tmp_path) == 0
    assert (tmp_path / "root" / "Write" / "written" / "1" / "value").read_text() == "hello"


def test_after_a_killed_run_everything_is_in_order(killed, tmp_path):
    home = Home.open(tmp_path)
    folder = home.run("run-1")
    RunRequest("run-1", "two", str(tmp_path), {}).write(folder)
    append(folder / EVENTS_FILE, event("launched", run_id="run-1", task="two"))
    (folder / "tmp" / "beam").mkdir(parents=True)
    for _ in range(2):
        tidy(home, "two", "run-1")
    assert [execution.last_known_state for execution in executions(killed)] == [Execution.FAILED]
    assert [entry["event"] for entry in read_events(folder / EVENTS_FILE)] == ["launched", "run_finished"]
    assert not (folder / "tmp").exists()


def test_a_run_that_left_nothing_is_no_trouble(tmp_path):
    tidy(Home.open(tmp_path), "two", "run-1")
