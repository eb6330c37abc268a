import subprocess
import sys

import pytest

from components.errors import UsageError
from pipeline.home import Home
from pipeline.runner.task_lock import is_clean, only_run


def test_a_second_run_of_the_task_is_refused(tmp_path):
    home = Home.open(tmp_path)
    refused = pytest.raises(UsageError, match="where run-1 is going on")
    with only_run(home, "taxi", "run-1"), refused, only_run(home, "taxi", "run-2"):
        pass


def test_the_task_is_free_after_a_run(tmp_path):
    home = Home.open(tmp_path)
    for number in range(2):
        with only_run(home, "taxi", f"run-{number}") as unfinished:
            assert unfinished == []


def test_a_run_that_failed_frees_the_task_and_is_known(tmp_path):
    home = Home.open(tmp_path)
    with pytest.raises(ZeroDivisionError), only_run(home, "taxi", "run-1"):
        _ = 1 / 0
    with only_run(home, "taxi", "run-2") as unfinished:
        assert unfinished == ["run-1"]
    with only_run(home, "taxi", "run-3") as unfinished:
        assert unfinished == []


def test_a_killed_holder_holds_nothing_and_is_known(tmp_path):
    home = Home.open(tmp_path)
    code = (
        "import os, signal, sys; from pipeline.home import Home; from pipeline.runner.task_lock import only_run\n"
        "with only_run(Home.open(sys.argv[1]), 'taxi', 'run-1'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=60).returncode == -9
    with only_run(home, "taxi", "run-2") as unfinished:
        assert unfinished == ["run-1"]


def test_two_tasks_and_two_homes_do_not_know_each_other(tmp_path):
    first, second = Home.open(tmp_path / "a"), Home.open(tmp_path / "b")
    with only_run(first, "taxi", "r"), only_run(first, "fashion", "r"), only_run(second, "taxi", "r"):
        pass


def test_who_is_killed_while_it_tidies_up_leaves_the_names_of_all(tmp_path):
    home = Home.open(tmp_path)
    for number in (1, 2):
        assert is_clean(home, "taxi") == (number == 1)
        with pytest.raises(ZeroDivisionError), only_run(home, "taxi", f"run-{number}"):
            _ = 1 / 0
    refused = pytest.raises(UsageError, match="where run-3 is going on")
    with only_run(home, "taxi", "run-3") as unfinished:
        assert unfinished == ["run-1", "run-2"]
        with refused, only_run(home, "taxi", "run-4"):
            pass
    assert is_clean(home, "taxi")
