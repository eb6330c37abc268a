import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import UsageError
from pipeline.lineage import Store
from pipeline.lineage.connection import PASSWORD_FILE_VARIABLE, PASSWORD_VARIABLE, Location

PROJECT = Path(__file__).parents[3]


def test_mysql(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "p:w")
    location = Location.of("mysql://us%40er@db.example:3307/store")
    server = location.config().mysql
    assert (server.user, server.password, server.host, server.port, server.database) == (
        "us@er", "p:w", "db.example", 3307, "store",
    )  # fmt: skip
    assert server.skip_db_creation
    assert Location.of(location.config()) == location
    assert Location.of("mysql://u@h/s").port == 3306


def test_postgresql(monkeypatch, tmp_path):
    file = tmp_path / "secret"
    file.write_text("p w\n")
    monkeypatch.setenv(PASSWORD_FILE_VARIABLE, str(file))
    location = Location.of("postgresql://u@db.example/store")
    server = location.config().postgresql
    assert (server.user, server.password, server.host, server.port, server.dbname) == (
        "u", "'p w'", "db.example", "5432", "store",
    )  # fmt: skip
    assert server.skip_db_creation
    assert Location.of(location.config()) == location


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_password_comes_back_and_is_one_word_of_what_libpq_reads(password):
    location = Location("postgresql", "", "h", 5432, "d", "u", password)
    written = location.config().postgresql.password
    assert Location.of(location.config()) == location
    assert written == password or (written[0] == written[-1] == "'" and len(written) >= len(password) + 2)


def test_no_text_of_a_location_holds_the_password(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    location = Location.of("mysql://u@h/d")
    assert location.password == "secret"
    assert "secret" not in f"{location} {location!r}"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("mysql://u:secret@h/d", "holds no password"),
        ("postgresql://u:secret@h:port/d", "holds no password"),
        ("oracle://u:secret@h/d", "SQLite, MySQL or PostgreSQL"),
        ("mysql://u@h:port/d", "must be a number"),
        ("mysql://u@h", "a user and a database"),
        ("mysql://h/d", "a user and a database"),
        ("mysql://u@127.0.0.1:1/d", "mysql://u@127.0.0.1:1/d (Can't connect"),
        ("postgresql://u@127.0.0.1:1/d", "postgresql://u@127.0.0.1:1/d (Can't create a connection"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(location, words, monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    with pytest.raises(UsageError) as caught:
        Store.open(location)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_of_the_password_that_is_not_there(monkeypatch):
    monkeypatch.setenv(PASSWORD_FILE_VARIABLE, "/nowhere")
    with pytest.raises(UsageError, match="No such file"):
        Location.of("mysql://u@h/d")


def test_a_server_that_does_not_answer_is_one_line():
    command = [sys.executable, "-m", "pipeline.cli", "runs", "--store", "mysql://u@127.0.0.1:1/d"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
