import sys

import pytest

from pipeline.runner.display import Silence
from pipeline.runner.events import EventFile
from pipeline.runner.request import EVENTS_FILE, LOG_FILE, RunRequest, log_file
from pipeline.runner.state import Node, RunState
from pipeline.runner.watched import failed, log_of, watched

REQUEST = RunRequest(run_id="run-1", task="tiny", home="/home", config={})


def test_the_worker_finds_its_request_and_its_end_is_returned(tmp_path):
    worker = (sys.executable, "-c", "import pathlib, sys; sys.exit(len(list(pathlib.Path(sys.argv[1]).iterdir())))")
    state = watched(REQUEST, tmp_path / "run", worker, Silence())
    # The request, the events, the log and the temporary folder; it died without a word, which is said for it.
    assert state.message is not None
    assert "exit code 4" in state.message
    assert RunRequest.read(tmp_path / "run") == REQUEST
    assert [event["event"] for event in EventFile(tmp_path / "run" / EVENTS_FILE).new()] == ["launched", "run_finished"]


@pytest.mark.parametrize(
    ("state", "code", "said"),
    [(RunState(message="It broke.", exit_code=3), 3, "It broke."), (RunState(), 1, "Nobody knows.")],
)
def test_a_failure_is_said_with_its_code(tmp_path, capsys, state, code, said):
    (tmp_path / LOG_FILE).touch()
    assert failed(state, "Nobody knows.", tmp_path, debug=True) == code
    assert capsys.readouterr().err.strip() == f"error: {said}"


def test_the_log_to_look_into_is_that_of_the_node_that_failed(tmp_path):
    ended = RunState(nodes={"Transform": Node("Transform"), "Trainer": Node("Trainer", "failed")})
    assert log_of(ended, tmp_path) == tmp_path / LOG_FILE
    log_file(tmp_path, "Trainer").parent.mkdir()
    log_file(tmp_path, "Trainer").touch()
    assert log_of(ended, tmp_path) == log_file(tmp_path, "Trainer")
