"""The taxi pipeline with its metadata on a real server, and every command on what it has left there."""

import json
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.lineage.connection import PASSWORD_VARIABLE
from tests.pipeline.lineage import servers

pytestmark = pytest.mark.slow

SMALL = ("data.params.rows=3000", "training.epochs=1")
THRESHOLDS = ("evaluation.thresholds={AUC: {lower: 0.3}}", "evaluation.thresholds={AUC: {lower: 0.31}}")


@pytest.fixture(scope="module", params=["mysql", "postgresql"])
def ran(request, tmp_path_factory, run_local):
    """Runs the pipeline twice, with another threshold; yields the server's URL, the home and the two runs' output."""
    if missing := servers.missing(request.param):
        pytest.skip(f"needs a server: apt-get install {missing}")
    home = tmp_path_factory.mktemp(request.param) / "home"
    with pytest.MonkeyPatch.context() as patched, servers.running(request.param) as url:
        patched.setenv(PASSWORD_VARIABLE, servers.PASSWORD)
        settings = [f"runner.metadata={url}", *SMALL]
        changes = [[part for setting in (*settings, last) for part in ("--set", setting)] for last in THRESHOLDS]
        yield url, home, [run_local("taxi", "--home", home, *change) for change in changes]


@pytest.fixture
def ask(ran, capsys, monkeypatch):
    """Calls a command on the server and returns what it has printed."""
    url, home, _ = ran
    monkeypatch.setenv(PASSWORD_VARIABLE, servers.PASSWORD)

    def call(*arguments, code=0):
        assert main([*map(str, arguments), "--store", url, "--home", str(home)]) == code
        told = capsys.readouterr()
        return told.err if code else told.out

    return call


def _runs(ask) -> list[str]:
    return [run["id"] for run in json.loads(ask("runs", "taxi", "--json"))]


def test_a_model_is_pushed_and_a_second_run_takes_from_the_cache(ran, ask):
    _, home, done = ran
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert len([path for path in (home / "serving" / "taxi").iterdir() if path.name.isdigit()]) == 2
    [again, first] = json.loads(ask("runs", "taxi", "--json"))
    states = {node["node"]: node["state"] for node in again["nodes"]}
    assert {node["state"] for node in first["nodes"]} == {"complete"}
    assert states["Trainer"] == "cached"
    assert states["Evaluator"] == "complete"
    assert not (home / "metadata.db").exists()


def test_every_command_answers(ran, ask, tmp_path):
    _, home, _ = ran
    again, first = _runs(ask)
    version = max(path.name for path in (home / "serving" / "taxi").iterdir() if path.name.isdigit())
    lineage = ask("lineage", home / "serving" / "taxi" / version)
    assert all(node in lineage for node in ("ImportExampleGen", "Transform", "Trainer"))
    assert version in ask("show", again)
    assert "Evaluator.evaluation.thresholds.AUC.lower" in ask("compare", first, again, "--json")
    assert "ModelBlessing" in ask("artifacts")
    assert "Trainer" in ask("executions")
    assert "Evaluator" in ask("why", "Evaluator")
    ask("verify")
    ask("gc", "--dry-run")
    assert "dump" in ask("backup", tmp_path / "copy.db", code=2)


def test_the_password_is_nowhere(ran):
    _, home, done = ran
    files = [path for path in Path(home).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if servers.PASSWORD.encode() in path.read_bytes()]
    assert not any(servers.PASSWORD in one.stdout + one.stderr for one in done)
