import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipeline.runner.events import read_events
from pipeline.runner.request import RunRequest
from pipeline.runner.supervise import supervise

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]


@pytest.fixture
def folder(tmp_path):
    RunRequest("r", "tiny", str(tmp_path), {}).write(tmp_path / "runs" / "r")
    return tmp_path / "runs" / "r"


def watched(scenario, folder, patience=30.0):
    steps = []
    command = [sys.executable, str(HERE / "fake_worker.py"), scenario, str(folder)]
    state = supervise(command, folder, lambda *step: steps.append(step), interval=0.02, patience=patience)
    return state, steps


@pytest.fixture
def start(folder):
    """Starts watch.py and returns it once its worker runs; leaves nothing behind."""
    processes = []

    def starter(scenario, *arguments):
        command = [sys.executable, str(HERE / "watch.py"), scenario, str(folder), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        watcher = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        processes.append(watcher)
        until(lambda: any(event["event"] == "run_started" for event in read_events(folder / "events.jsonl")))
        return watcher

    yield starter
    for process in processes:
        process.kill()
        process.communicate()


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def group_is_gone(folder):
    pids = map(int, (folder / "pids").read_text().split())
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids)


def test_a_run_that_ends_well(folder):
    state, steps = watched("pushed", folder)
    assert (state.outcome, state.exit_code, state.version) == ("pushed", 0, "17")
    assert steps[-1][0] == state
    told = [event["event"] for _, events, _ in steps for event in events]
    assert told == [event["event"] for event in read_events(folder / "events.jsonl")]
    assert not any(stopping for *_, stopping in steps)


def test_what_the_worker_prints_goes_to_the_log(folder, capfd):
    watched("pushed", folder)
    assert (folder / "log.txt").read_text() == "a line of the log\n"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("scenario", "outcome", "code"), [("refused", "refused", 3), ("not_blessed", "not_blessed", 4)]
)
def test_the_worker_says_how_the_run_ended(folder, scenario, outcome, code):
    state, _ = watched(scenario, folder)
    assert (state.outcome, state.exit_code) == (outcome, code)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("killed", ["SIGKILL in Trainer", "`allocating everything`", "memory"]),
        ("crashes", ["SIGSEGV in Transform", "log.txt"]),
        ("raises", ["exit code 1 in Trainer", "`RuntimeError: no kernel image`", "log.txt"]),
        ("silent", ["exit code 0.", "log.txt"]),
    ],
)
def test_a_worker_that_dies_without_a_word_has_failed(folder, scenario, words):
    state, steps = watched(scenario, folder)
    assert (state.outcome, state.exit_code) == ("failed", 1)
    assert [word for word in words if word not in state.message] == []
    assert "\n" not in state.message
    assert not [node for node in state.nodes.values() if node.state == "running"]
    assert read_events(folder / "events.jsonl")[-1]["event"] == "run_finished"
    assert steps[-1][0] == state


def test_a_worker_that_does_not_end_after_its_last_word_is_ended(folder):
    state, _ = watched("lingers", folder, patience=0.2)
    assert (state.outcome, state.exit_code) == ("up_to_date", 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_interrupt_lets_the_worker_end_in_order(folder, start, number):
    watcher = start("waits")
    watcher.send_signal(number)
    assert watcher.communicate(timeout=20)[0].strip() == "interrupted"
    assert watcher.returncode == 130
    assert read_events(folder / "events.jsonl")[-1]["message"] == "The run was interrupted."


def test_a_second_interrupt_kills(folder, start):
    watcher = start("stubborn")
    watcher.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert watcher.poll() is None
    watcher.send_signal(signal.SIGINT)
    assert watcher.communicate(timeout=20)[0].strip() == "interrupted"
    assert watcher.returncode == 130
    until(lambda: group_is_gone(folder))


def test_patience_ends(folder, start):
    watcher = start("stubborn", "0.2")
    watcher.send_signal(signal.SIGTERM)
    watcher.communicate(timeout=20)
    assert watcher.returncode == 130
    until(lambda: group_is_gone(folder))


def test_no_worker_outlives_a_watcher_that_is_killed(folder, start):
    watcher = start("stubborn")
    watcher.kill()
    watcher.wait()
    until(lambda: group_is_gone(folder))


def test_the_handlers_of_the_caller_come_back(folder):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    watched("silent", folder)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
