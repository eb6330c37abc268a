"""Every command on what TFX's own runners write into each kind of store."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.home import Home
from pipeline.lineage.connection import PASSWORD_VARIABLE
from tests.pipeline.lineage import servers

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[3]
KINDS = ("local", "beam", "mysql", "postgresql")


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Runs the pipeline into each kind of store that there can be on this machine; kind to store and home."""
    found, arguments = {}, []
    with contextlib.ExitStack() as started, pytest.MonkeyPatch.context() as patched:
        patched.setenv(PASSWORD_VARIABLE, servers.PASSWORD)
        for kind in KINDS:
            of_server = kind in KINDS[2:]
            if of_server and servers.missing(kind):
                continue
            home = Home.open(tmp_path_factory.mktemp(kind))
            store = started.enter_context(servers.running(kind)) if of_server else str(home.metadata_db)
            found[kind] = (store, str(home.root))
            arguments += ["beam" if kind == "beam" else "local", store, str(home.pipelines("tiny"))]
        command = [sys.executable, "-m", "tests.pipeline.lineage.stock_pipeline", *arguments]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        yield found


@pytest.fixture(params=KINDS)
def ask(request, stores, capsys, monkeypatch):
    """Calls a command on one of the stores; returns what it has printed, read if it is JSON."""
    kind = request.param
    if kind not in stores:
        pytest.skip(f"{servers.missing(kind)} is not installed")
    store, home = stores[kind]
    monkeypatch.setenv(PASSWORD_VARIABLE, servers.PASSWORD)

    def call(*arguments, code=0):
        assert main([*arguments, "--store", store, "--home", home]) == code
        told = capsys.readouterr()
        assert servers.PASSWORD not in told.out + told.err
        if code == 2:
            assert len(told.err.splitlines()) == 1
            return told.err
        return json.loads(told.out) if "--json" in arguments else told.out

    call.kind, call.store = kind, store
    return call


def test_all_commands(ask, tmp_path, monkeypatch):
    failed, other, cached, first = runs = ask("runs", "--json")
    assert [(run["pipeline"], run["state"], run["cached"]) for run in runs] == [
        ("tiny", "failed", 1),
        ("tiny", "complete", 1),
        ("tiny", "complete", 2),
        ("tiny", "complete", 0),
    ]
    assert [run["id"] for run in ask("runs", "tiny", "--json", "--limit", "1", "--before", other["id"])] == [
        cached["id"]
    ]
    assert "Train failed: " in ask("show", failed["id"])
    gen, train = ask("show", first["id"], "--json")["nodes"]
    assert (gen["node"], gen["parameters"], train["parameters"]) == ("Gen", {"span": 3}, {"seed": 1})
    assert [use["key"] for use in (*train["inputs"], *train["outputs"])] == ["examples", "model"]
    assert Path(train["outputs"][0]["uri"], "weights").read_text() == "rows"

    why = ask("why", "Train", other["id"], "--json")
    assert (why["hit"], why["earlier_run"]) == (False, first["id"])
    assert why["changes"] == [{"kind": "parameter", "name": "seed", "before": 1, "after": 2}]
    assert ask("why", "Train", cached["id"], "--json")["earlier_run"] == first["id"]
    found = ask("compare", first["id"], other["id"], cached["id"], "--json")["differences"]
    assert found == [{"kind": "parameter", "key": "Train.seed", "values": [1, 2, 1]}]

    models = ask("lineage", "--span", "3", "--json")
    assert [seen["run"] for seen in models] == [first["id"], other["id"]]
    lineage = ask("lineage", models[1]["model"]["uri"] + "/weights", "--json")
    assert [execution["node"] for execution in lineage["ancestors"]] == ["Gen", "Train"]
    assert any("digest of the code" in words for words in lineage["lacks"])
    assert "Made of it\n" in ask("lineage", str(train["inputs"][0]["artifact"]))

    pages = ask("report", "--all", "-o", str(tmp_path / "pages"), "--json")
    texts = [Path(page["path"]).read_text() for page in pages]
    assert [page["runs"] for page in pages] == [*([run["id"]] for run in runs), []]
    assert "Nobody has noted: " in texts[1]
    assert "a digest of the code" in texts[1]
    assert servers.PASSWORD not in "".join(texts)

    assert len(ask("executions", "tiny", "--node", "Train", "--json")) == 4
    assert [one["node"] for one in ask("executions", "--state", "failed", "--json")] == ["Train"]
    assert [one["type"] for one in ask("artifacts", "--json")] == ["Model", "Model", "Examples"]
    assert ask("verify", "--json")["unmeasured"] == 3
    # The latest run has failed; it needs the examples.
    assert len(ask("gc", "--keep-runs", "1", "--json")["payloads"]) == 2
    assert len(ask("gc", "--keep-runs", "1", "--yes", "--json")["payloads"]) == 2
    assert [one["state"] for one in ask("artifacts", "--json")] == ["deleted", "deleted", "live"]
    assert ask("verify", "--json")["problems"] == []

    of_server = ask.kind in KINDS[2:]
    ask("backup", str(tmp_path / "copy.db"), code=2 if of_server else 0)
    if of_server:
        _wrong_schema(ask, monkeypatch)


def _wrong_schema(ask, monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "another")
    assert "$SLIPWAY_STORE_PASSWORD" in ask("runs", code=2)
    monkeypatch.setenv(PASSWORD_VARIABLE, servers.PASSWORD)
    from pipeline.lineage.connection import Location
    from pipeline.lineage.database import _login

    login = _login(Location.of(ask.store))
    if ask.kind == "mysql":
        import pymysql as driver
    else:
        from pg8000 import dbapi as driver
    connection = driver.connect(**login)
    connection.cursor().execute("UPDATE MLMDEnv SET schema_version = 9")
    connection.commit()
    connection.close()
    assert "(version 9)" in ask("runs", code=2)
