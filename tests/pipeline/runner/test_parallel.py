"""Nodes in processes of their own: order, failures, skips, retries, interrupts."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from components import progress
from components.errors import DataRefused, SlipwayError
from pipeline.config import NodeConfig
from pipeline.runner.parallel import Parallel
from pipeline.runner.state import RunState, apply, fold

FORK = {"a": frozenset(), "b": frozenset({"a"}), "c": frozenset({"a"}), "d": frozenset({"b"})}


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Runs nodes and returns how they ended, with the state that their events tell."""
    events = tmp_path / "events"
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(events))

    def ran(work, upstream=FORK, jobs=2, nodes=None):
        ended = Parallel(upstream, work, tmp_path, jobs, nodes or {}).run()
        told = [json.loads(line) for line in events.read_text().splitlines()]
        return ended, fold(told)

    return ran


def state_of(run: RunState) -> dict[str, str]:
    return {node.id: node.state for node in run.nodes.values()}


def well(_node, _attempt):
    return {"cached": False}


def appears(*files: Path) -> None:
    deadline = time.monotonic() + 30
    while not all(file.exists() for file in files):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_all_run_and_tell(ran):
    ended, state = ran(lambda node, attempt: {"cached": node == "a", "pid": os.getpid()})
    assert list(ended.told) == ["a", "b", "c", "d"] or set(ended.told) == set(FORK)
    assert len({told["pid"] for told in ended.told.values()} | {os.getpid()}) == 5
    assert state_of(state) == {"a": "cached", "b": "complete", "c": "complete", "d": "complete"}
    assert ended.errors == {}


def test_independent_nodes_run_at_the_same_time(ran, tmp_path):
    """`b` and `c` wait for each other, which one after the other they would do for ever."""

    def work(node, _attempt):
        (tmp_path / f"{node}.here").touch()
        if node in "bc":
            appears(tmp_path / "b.here", tmp_path / "c.here")
        return {"cached": False}

    assert set(ran(work)[0].told) == set(FORK)


def test_no_more_run_than_there_are_jobs(ran, tmp_path):
    def work(node, _attempt):
        with (tmp_path / "alone").open("x"):
            time.sleep(0.05)
        (tmp_path / "alone").unlink()
        return {"cached": False}

    assert ran(work, jobs=1)[0].errors == {}


@pytest.mark.parametrize("end", ["raises", "is killed"])
def test_a_node_fails_alone(ran, end):
    def work(node, _attempt):
        if node == "b" and end == "raises":
            raise ValueError("wrong")
        if node == "b":
            os.kill(os.getpid(), signal.SIGKILL)
        return {"cached": False}

    ended, state = ran(work)
    assert set(ended.told) == {"a", "c"}
    assert set(ended.errors) == {"b"}
    assert state_of(state) == {"a": "complete", "b": "failed", "c": "complete", "d": "skipped"}
    assert state.nodes["d"].message == "b failed"
    assert ("ValueError: wrong" if end == "raises" else "SIGKILL") in state.nodes["b"].message


def test_the_first_error_comes_first(ran):
    def work(node, _attempt):
        time.sleep(0.3 if node == "b" else 0)
        raise ValueError(node)

    ended, _ = ran(work, {"b": frozenset(), "c": frozenset()})
    assert list(ended.errors) == ["c", "b"]


def test_what_can_pass_is_tried_again_and_only_as_often_as_allowed(ran):
    def work(node, attempt):
        if attempt < 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"cached": False, "attempt": attempt}

    one = {"a": frozenset()}
    ended, state = ran(work, one, nodes={"a": NodeConfig(retries=2)})
    assert ended.told["a"]["attempt"] == 3
    assert [notice.partition(".")[0] for notice in state.notices] == [
        "a is tried again, attempt 2 of 3",
        "a is tried again, attempt 3 of 3",
    ]
    assert set(ran(work, one, nodes={"a": NodeConfig(retries=1)})[0].errors) == {"a"}


def test_what_cannot_pass_is_not_tried_again(ran, tmp_path):
    def work(node, attempt):
        (tmp_path / f"attempt-{attempt}").touch()
        raise ValueError("wrong")

    assert set(ran(work, {"a": frozenset()}, nodes={"a": NodeConfig(retries=5)})[0].errors) == {"a"}
    assert [path.name for path in tmp_path.glob("attempt-*")] == ["attempt-1"]


def test_a_hung_node_ends_at_its_limit_and_the_others_go_on(ran):
    def work(node, _attempt):
        time.sleep(60 if node == "b" else 0)
        return {"cached": False}

    ended, state = ran(work, nodes={"b": NodeConfig(timeout_s=0.5)})
    assert set(ended.told) == {"a", "c"}
    assert "no end after 0.5 s" in state.nodes["b"].message


def test_an_interrupt_lets_nodes_end_in_order_and_starts_no_other(ran, tmp_path):
    def work(node, _attempt):
        if node == "a":
            (tmp_path / "running").touch()
            time.sleep(60)
        return {"cached": False}

    def interrupt():
        while not (tmp_path / "running").exists():
            time.sleep(0.01)
        # As from a terminal: the whole group gets it.
        for pid in [os.getpid(), *map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())]:
            os.kill(pid, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    ended, state = ran(work)
    assert ended.interrupted
    assert ended.told == {}
    assert ended.errors["a"].exit_code == 130
    assert state.nodes["a"].state == "interrupted"
    end = {"event": "run_finished", "time": 9e9, "outcome": "interrupted", "exit_code": 130}
    assert {node.state for node in apply(state, end).nodes.values()} == {"interrupted", "skipped"}


def test_refused_data_stop_what_runs_and_what_has_not_started(ran, tmp_path):
    """`c` computes from the data for a minute while `b` judges them; `e` waits for nothing but a place."""

    def work(node, _attempt):
        if node == "b":
            appears(tmp_path / "c.here")
            raise DataRefused("The data must fit the schema.", received="tips=-1")
        if node == "c":
            (tmp_path / "c.here").touch()
            time.sleep(60)
        return {"cached": False}

    started = time.monotonic()
    ended, state = ran(work, FORK | {"e": frozenset({"a"})})
    assert state_of(state) == {"a": "complete", "b": "failed", "c": "interrupted", "d": "skipped", "e": "skipped"}
    assert isinstance(ended.errors["b"], SlipwayError)
    assert ended.errors["b"].exit_code == DataRefused.exit_code
    assert not ended.interrupted
    assert time.monotonic() - started < 30
