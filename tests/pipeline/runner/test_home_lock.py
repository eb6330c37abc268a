import pytest

from components.errors import UsageError
from pipeline.home import Home
from pipeline.runner.home_lock import only_run


def test_a_second_run_in_the_home_is_refused(tmp_path):
    home = Home.open(tmp_path)
    with only_run(home), pytest.raises(UsageError, match="one run at a time"), only_run(home):
        pass


def test_the_home_is_free_after_a_run(tmp_path):
    home = Home.open(tmp_path)
    for _ in range(2):
        with only_run(home):
            pass


def test_a_run_that_failed_frees_the_home(tmp_path):
    home = Home.open(tmp_path)
    with pytest.raises(ZeroDivisionError), only_run(home):
        _ = 1 / 0
    with only_run(home):
        pass


def test_two_homes_do_not_know_each_other(tmp_path):
    with only_run(Home.open(tmp_path / "a")), only_run(Home.open(tmp_path / "b")):
        pass
