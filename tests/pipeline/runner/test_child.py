"""Work in a forked process: its result, its errors, its sudden ends, its limits."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from components.errors import DataRefused, SlipwayError
from components.progress import NODE_VARIABLE
from pipeline.runner import child
from pipeline.runner.child import Child, Limits
from pipeline.runner.failure import Interrupted, can_pass


@pytest.fixture
def run(tmp_path):
    def run(work, limits=Limits()):  # noqa: B008 (it is frozen)
        started = Child("Trainer", work, tmp_path / "logs" / "log.txt", limits)
        deadline = time.monotonic() + 30
        while not started.ended() and time.monotonic() < deadline:
            child.wait_any([started], 0.05)
        return started.result()

    return run


def test_the_result_comes_back_however_large_it_is(run):
    assert run(lambda: {"node": os.environ[NODE_VARIABLE], "text": "x" * 1_000_000}) == {
        "node": "Trainer",
        "text": "x" * 1_000_000,
    }
    assert NODE_VARIABLE not in os.environ


def test_it_is_another_process_with_a_log_of_its_own(run, tmp_path, capfd):
    def work():
        print("of the child")
        os.write(2, b"of its native code\n")
        return os.getpid()

    assert run(work) != os.getpid()
    assert (tmp_path / "logs" / "log.txt").read_text().splitlines() == ["of the child", "of its native code"]
    assert capfd.readouterr() == ("", "")


def test_an_error_of_ours_comes_back_as_it_was(run):
    def work():
        raise DataRefused("The data must match.", received="fare=-1")

    with pytest.raises(SlipwayError, match=r"^The data must match. Received: fare=-1.$") as caught:
        run(work)
    assert caught.value.exit_code == 3
    assert not can_pass(caught.value)


def test_any_other_error_names_the_node_and_its_traceback_is_in_the_log(run, tmp_path):
    with pytest.raises(SlipwayError, match=r"Node Trainer failed. Received: ZeroDivisionError"):
        run(lambda: 1 / 0)
    assert "Traceback" in (tmp_path / "logs" / "log.txt").read_text()


@pytest.mark.parametrize(
    ("error", "passes"),
    [(TimeoutError("slow"), True), (ConnectionResetError(104, "reset"), True), (ValueError("wrong"), False)],
)
def test_what_can_pass_is_told(run, error, passes):
    def work():
        raise RuntimeError("wrapped") from error

    with pytest.raises(SlipwayError) as caught:
        run(work)
    assert can_pass(caught.value) == passes


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_sudden_end_has_its_signal_its_memory_and_its_last_words(run, number):
    def work():
        print("epoch 3 of 4", flush=True)
        os.kill(os.getpid(), number)

    with pytest.raises(
        SlipwayError, match=rf"{number.name}, \d+ MiB of memory at most, after .*`epoch 3 of 4`"
    ) as caught:
        run(work)
    assert can_pass(caught.value)


def test_an_exit_is_a_sudden_end(run):
    with pytest.raises(SlipwayError, match="exit code 7"):
        run(lambda: os._exit(7))


def test_what_hangs_is_killed_with_all_that_it_has_started(run, tmp_path):
    def work():
        started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (tmp_path / "pid").write_text(str(started.pid))
        time.sleep(600)

    with pytest.raises(SlipwayError, match=r"no end after 1 s.*runner.nodes.Trainer.timeout_s is its limit"):
        run(work, Limits(seconds=1))
    pid = int((tmp_path / "pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_leaks_is_stopped_at_its_limit(run):
    def work():
        taken = []
        while True:
            taken.append(bytearray(1 << 20))

    with pytest.raises(SlipwayError, match="MemoryError") as caught:
        run(work, Limits(memory_mib=64))
    assert can_pass(caught.value)


def test_a_signal_ends_it_in_order(tmp_path):
    def work():
        (tmp_path / "ready").touch()
        try:
            time.sleep(60)
        finally:
            (tmp_path / "ended").touch()

    started = Child("Trainer", work, tmp_path / "log.txt")
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    os.kill(started.pid, signal.SIGINT)
    with pytest.raises(SlipwayError, match="interrupted") as caught:
        started.result()
    assert caught.value.exit_code == Interrupted.exit_code
    assert (tmp_path / "ended").exists()


def test_two_run_at_the_same_time(tmp_path: Path):
    """Each waits for what the other writes."""

    def work(own, other):
        (tmp_path / own).touch()
        deadline = time.monotonic() + 30
        while not (tmp_path / other).exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    both = [
        Child("a", lambda: work("one", "two"), tmp_path / "log"),
        Child("b", lambda: work("two", "one"), tmp_path / "log"),
    ]
    assert [started.result() for started in both] == [None, None]
