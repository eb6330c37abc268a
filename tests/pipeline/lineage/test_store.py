import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from components.errors import UsageError
from pipeline.lineage.store import _connection, open_store

PROJECT = Path(__file__).parents[3]


def test_reading_changes_nothing(recorder):
    recorder.run("run-1", [("Gen", "complete")])
    before = recorder.path.read_bytes()
    recorder.path.chmod(0o444)
    store = open_store(str(recorder.path))
    assert [context.name for context in store.get_contexts_by_type("pipeline_run")] == ["run-1"]
    with pytest.raises(Exception, match="readonly"):
        store.put_context_type(type(store.get_context_types()[0])(name="new"))
    assert recorder.path.read_bytes() == before


@pytest.mark.parametrize("text", ["no database", ""])
def test_a_file_that_is_no_store(tmp_path, text, capfd):
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match="notes") as caught:
        open_store(str(path))
    assert "CREATE TABLE" not in str(caught.value)
    assert path.read_text() == text
    assert capfd.readouterr() == ("", "")


def test_a_store_of_a_newer_ml_metadata(recorder):
    with sqlite3.connect(recorder.path) as database:
        database.execute("UPDATE MLMDEnv SET schema_version = 99")
    with pytest.raises(UsageError, match="version 99 is greater"):
        open_store(str(recorder.path))


def test_a_missing_file_is_not_made(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        open_store(str(tmp_path / "metadata.db"))
    assert list(tmp_path.iterdir()) == []


def test_mysql():
    server = _connection("mysql://us%40er:p%3Aw@db.example:3307/store").mysql
    assert (server.user, server.password, server.host, server.port, server.database) == (
        "us@er", "p:w", "db.example", 3307, "store",
    )  # fmt: skip
    assert server.skip_db_creation
    assert _connection("mysql://u@h/s").mysql.port == 3306


def test_postgresql():
    server = _connection("postgresql://u:p@db.example/store").postgresql
    assert (server.user, server.password, server.host, server.port, server.dbname) == (
        "u",
        "p",
        "db.example",
        "5432",
        "store",
    )
    assert server.skip_db_creation


@pytest.mark.parametrize(
    "location", ["oracle://u:secret@h/d", "mysql://u:secret@h:port/d", "mysql://u:secret@127.0.0.1:1/d"]
)
def test_an_error_never_shows_the_password(location):
    with pytest.raises(UsageError) as caught:
        open_store(location)
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer_is_one_line():
    command = [sys.executable, "-m", "pipeline.cli", "runs", "--store", "mysql://u:p@127.0.0.1:1/d"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
