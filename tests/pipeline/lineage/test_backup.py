import subprocess
import sys

import pytest

from components.errors import UsageError
from pipeline.lineage import Store
from pipeline.lineage.backup import backup
from pipeline.lineage.connection import Location

WRITER = """
import sys, time
from pathlib import Path
from tests.pipeline.conftest import Recorder
recorder = Recorder(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(10_000):
    time.sleep(0.005)
    recorder.run(f"run-{number}", [("Gen", "complete"), ("Trainer", "complete")])
"""


def test_a_copy_of_a_store_that_is_written_to_is_whole(recorder, tmp_path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(recorder.path)], stdout=subprocess.PIPE)
    writer.stdout.readline()
    try:
        for number in range(2):
            assert backup(Location.of(recorder.path), tmp_path / f"{number}.db") > 10_000
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    for number in range(2):
        with Store.open(tmp_path / f"{number}.db") as store:
            # A run appears with its first node.
            assert all(run.nodes and {node.node for node in run.nodes} <= {"Gen", "Trainer"} for run in store.runs())
    assert not list(tmp_path.glob(".*"))


def test_a_copy_is_replaced(recorder, tmp_path):
    file = tmp_path / "copy.db"
    backup(Location.of(recorder.path), file)
    recorder.run("run-1", [("Gen", "complete")])
    assert backup(Location.of(recorder.path), file) == file.stat().st_size
    with Store.open(file) as store:
        assert len(store.runs()) == 1


def test_what_cannot_be_copied(recorder, tmp_path):
    (tmp_path / "notes").write_text("notes")
    (tmp_path / "link").symlink_to(recorder.path)
    for location, file, words in (
        ("mysql://u@h/d", "copy", "mysqldump"),
        ("postgresql://u@h/d", "copy", "pg_dump"),
        (recorder.path, recorder.path, "another file"),
        (recorder.path, tmp_path / "link", "another file"),
        (recorder.path, tmp_path, "a file in a folder"),
        (recorder.path, tmp_path / "none" / "copy", "a file in a folder"),
        (tmp_path / "none.db", tmp_path / "copy", "no such file"),
        (tmp_path / "notes", tmp_path / "copy", "not a database"),
    ):
        with pytest.raises(UsageError, match=words):
            backup(Location.of(location), tmp_path / file)
    assert not (tmp_path / "copy").exists()
