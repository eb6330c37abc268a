import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import pytest

from pipeline.doctor import storage

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    database.execute(statement).fetchone()
print("holding", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "metadata.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (v INTEGER)")
    return path


@contextmanager
def holder(database, *statements):
    """Another process that has executed the statements and waits."""
    command = [sys.executable, "-I", "-S", "-c", HOLD, str(database), *statements]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "holding\n"
        yield process
        process.stdin.close()


class TestTryLock:
    def test_leaves_nothing(self, tmp_path):
        assert storage.try_lock(tmp_path) is None
        assert list(tmp_path.iterdir()) == []

    def test_folder_that_is_not_there(self, tmp_path):
        assert "No such file" in str(storage.try_lock(tmp_path / "none"))

    def test_what_a_network_disk_says(self, tmp_path, monkeypatch):
        def refuse(*_, **__):
            raise sqlite3.OperationalError("locking protocol")

        monkeypatch.setattr(sqlite3, "connect", refuse)
        assert storage.try_lock(tmp_path) == "locking protocol"
        assert list(tmp_path.iterdir()) == []

    def test_python_without_sqlite(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "sqlite3", None)
        assert storage.try_lock(tmp_path) == storage.NO_SQLITE


class TestWriterOf:
    def test_nobody(self, database):
        before = database.read_bytes(), database.stat().st_mtime_ns
        assert storage.writer_of(database) is None
        assert (database.read_bytes(), database.stat().st_mtime_ns) == before

    @pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
    def test_names_the_process(self, database, statement):
        with holder(database, statement) as process:
            assert storage.writer_of(database, patience=0.0) == process.pid
        assert storage.writer_of(database) is None

    def test_readers_do_not_count(self, database):
        with holder(database, "BEGIN", "SELECT * FROM t"):
            assert storage.writer_of(database, patience=0.0) is None

    def test_is_patient(self, database):
        with holder(database, "BEGIN IMMEDIATE") as process:
            threading.Timer(0.2, process.stdin.close).start()
            began = time.monotonic()
            # Ten seconds are a limit for a machine under load, not what is measured.
            assert storage.writer_of(database, patience=10.0) is None
            assert time.monotonic() - began >= 0.15


def test_is_sqlite(database, tmp_path):
    assert storage.is_sqlite(database)
    (tmp_path / "empty").touch()
    assert storage.is_sqlite(tmp_path / "empty")
    (tmp_path / "other").write_text("SQLite format 4, some day")
    assert not storage.is_sqlite(tmp_path / "other")
