import json

import pytest

from pipeline.cli import main
from pipeline.home import Home


@pytest.fixture
def home(tmp_path, recorder):
    home = Home.open(tmp_path)
    for name in ("run-1", "run-2"):
        recorder.run(name, [("Gen", "complete")])
    return home


def test_a_run_becomes_a_page_in_the_home(home, capsys):
    assert main(["report", "run-1", "--home", str(home.root)]) == 0
    path, size, unit = capsys.readouterr().out.split()
    assert path == str(home.reports / "run-1.html")
    assert unit == "KiB"
    assert float(size) == pytest.approx((home.reports / "run-1.html").stat().st_size / 1024, abs=0.06)  # one decimal


def test_all_runs_become_pages_with_a_list(home, tmp_path, capsys):
    assert main(["report", "--all", "-o", str(tmp_path / "pages"), "--home", str(home.root), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["runs"] for one in told] == [["run-2"], ["run-1"], []]
    assert [one["bytes"] for one in told] == [(tmp_path / "pages" / name).stat().st_size for name in _names(told)]
    assert _names(told)[-1] == "index.html"


def _names(told):
    return [one["path"].rpartition("/")[2] for one in told]


def test_runs_become_a_page_side_by_side(home, capsys):
    assert main(["report", "run-1", "run-2", "--home", str(home.root), "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert told["runs"] == ["run-1", "run-2"]
    assert list(home.reports.iterdir()) == [home.reports / _names([told])[0]]


def test_a_store_needs_no_home(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    store, pages = str(home.metadata_db), tmp_path / "pages"
    assert main(["report", "run-1", "--store", store, "-o", str(pages), "--home", str(tmp_path / "none")]) == 0
    assert "The metadata store" not in capsys.readouterr().err
    assert [path.name for path in pages.iterdir()] == ["run-1.html"]


@pytest.mark.parametrize("arguments", [[], ["run-1", "--all"], ["run-1", "run-1"], ["no-run"]])
def test_what_cannot_be_reported(home, arguments, capsys):
    assert main(["report", *arguments, "--home", str(home.root)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(home.reports.iterdir()) == []
