import json
import sys
from pathlib import Path

import pytest

from components.errors import UsageError
from pipeline.home import Home
from pipeline.input import launch as launching
from pipeline.input.finding import Finding
from pipeline.input.launch import InputOrder, launch
from pipeline.input.request import InputRequest
from pipeline.lineage.transformed import Transformed

FAKE_WORKER = str(Path(__file__).with_name("fake_worker.py"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home whose latest run has transformed."""
    monkeypatch.chdir(tmp_path)
    home = Home.open()
    home.metadata_db.touch()
    home.run("run-1").mkdir()
    monkeypatch.setattr(launching.transformed, "latest", lambda *_: Transformed("run-1", "/graph", "/examples"))
    return home


def run(scenario="slow", **order):
    return launch(InputOrder("taxi", **order), (sys.executable, FAKE_WORKER, scenario))


def the_report(home):
    [folder] = home.reports.iterdir()
    return folder


def test_a_finding_is_shown_drawn_and_kept(home, capsys):
    assert run(overrides=("training.memory_mb=0",), memory_mb=100) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "parse 1.500 a batch at a time" in lines
    assert "as it is 2.000 20,000 - 2.500 60.0%" in lines
    assert "Bottleneck parse: 60.0% of a step's time is waiting for input" in lines
    assert "Next --set training.memory_mb=16: 8.0 times as fast, waiting 60.0% before and 2.0% after" in lines
    report = the_report(home)
    assert (report / "input.png").stat().st_size > 1000
    assert Finding.read(report) == Finding.read(home.run("run-1"))
    request = InputRequest.read(report)
    assert (request.config["training"]["memory_mb"], request.memory_mb) == (0, 100)


@pytest.mark.slow
def test_where_the_step_is_slow_there_is_nothing_to_mend(home, capsys):
    assert run("fast") == 0
    out = capsys.readouterr().out
    assert "Bottleneck  the step itself: 2.0% of a step's time is waiting for input" in out
    assert "nothing to mend in the input" in out


@pytest.mark.slow
def test_json_is_all_that_is_printed(home, capsys):
    assert run(as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["bottleneck"], found["best"], found["folder"]) == ("parse", 1, str(the_report(home)))
    assert found["settings"][1]["overrides"] == {"memory_mb": 16}


def test_a_failure_is_one_line_and_its_code(home, capsys):
    assert run("fails") == 3
    assert capsys.readouterr().err == "error: Every element must be readable.\n"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (("data.path=.",), "slipway run taxi --to Transform"),
        (("training.input.prefetched=1",), "Did you mean 'prefetch'?"),
    ],
)
def test_bad_usage_starts_no_worker(home, overrides, words):
    with pytest.raises(UsageError) as caught:
        run(overrides=overrides)
    assert words in str(caught.value)
    assert list(home.reports.iterdir()) == []


def test_without_examples_there_is_nothing_to_measure(home, monkeypatch):
    monkeypatch.setattr(launching.transformed, "latest", lambda store, task: None)
    with pytest.raises(UsageError, match="slipway run taxi --to Transform"):
        run()
    with pytest.raises(UsageError, match="There must be a Slipway home"):
        run(home="elsewhere")
