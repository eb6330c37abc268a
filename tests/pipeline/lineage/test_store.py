import contextlib
import shutil
import sqlite3

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.errors import UsageError
from pipeline.lineage import Store
from pipeline.lineage.connection import Location
from pipeline.lineage.records import Event


def test_reading_changes_nothing(recorder):
    recorder.run("run-1", [("Gen", "complete")])
    before = recorder.path.read_bytes()
    recorder.path.chmod(0o444)
    with Store.open(recorder.path) as store:
        assert [context.name for context in store.contexts("pipeline_run")] == ["run-1"]
        with pytest.raises(UsageError, match="readonly"):
            store._tables.rows("DELETE FROM MLMDEnv")
    assert recorder.path.read_bytes() == before
    assert [path.name for path in recorder.path.parent.iterdir()] == [recorder.path.name]


@pytest.mark.parametrize("text", ["no database", ""])
def test_a_file_that_is_no_store(tmp_path, text, capfd):
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match="notes"):
        Store.open(path)
    assert path.read_text() == text
    assert capfd.readouterr() == ("", "")


def test_a_store_of_another_schema(recorder):
    with sqlite3.connect(recorder.path) as database:
        database.execute("UPDATE MLMDEnv SET schema_version = 99")
    with pytest.raises(UsageError, match=r"\(version 99\)"):
        Store.open(recorder.path)


def test_a_store_whose_writer_was_killed_is_left_to_the_next_writer(recorder, tmp_path):
    recorder.run("run-1", [("Gen", "complete")])
    killed = tmp_path / "killed.db"
    with contextlib.closing(sqlite3.connect(recorder.path)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("UPDATE Context SET name = name || 'x'")
        writer.execute("CREATE TABLE filling AS SELECT zeroblob(100000)")
        for suffix in ("", "-journal"):
            shutil.copy(f"{recorder.path}{suffix}", f"{killed}{suffix}")
        writer.rollback()
    with pytest.raises(UsageError, match="its writer was killed"):
        Store.open(killed)
    assert killed.with_name("killed.db-journal").exists()


def test_a_missing_file_is_not_made(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        Store.open(tmp_path / "metadata.db")
    assert list(tmp_path.iterdir()) == []


def test_a_path_may_hold_what_a_url_may_not(tmp_path):
    from tests.pipeline.conftest import Recorder

    folder = tmp_path / "a?b=c #d%20"
    folder.mkdir()
    Recorder(folder / "m.db").run("run-1", [("Gen", "complete")])
    with Store.open(folder / "m.db") as store:
        assert store.run("run-1").state == "complete"


def test_a_connection_of_ml_metadata_is_a_place_too(recorder):
    recorder.run("run-1", [("Gen", "complete")])
    with Store.open(Location.of(recorder.path).config()) as store:
        assert len(store.runs()) == 1
    with pytest.raises(UsageError, match="SQLite, MySQL or PostgreSQL"):
        Store.open(mlmd.ConnectionConfig())


def test_values_are_those_that_ml_metadata_was_given(recorder):
    [number] = recorder.step("Gen", outputs=[("Examples", "/e", {"span": 3, "share": 0.5, "name": "é"})], big=2**40)
    message = recorder.store.get_artifacts_by_id([number])[0]
    message.custom_properties["flag"].bool_value = True
    message.custom_properties["tree"].struct_value.update({"train": [1, {"x": "y"}]})
    recorder.store.put_artifacts([message])
    with Store.open(recorder.path) as store:
        [artifact], [execution] = store.artifacts(), store.executions()
        assert artifact.properties == {
            "flag": True,
            "name": "é",
            "share": 0.5,
            "span": 3,
            "tree": {"train": [1, {"x": "y"}]},
        }
        assert (artifact.type, artifact.uri, artifact.state) == ("Examples", "/e", "live")
        assert execution.properties == {"big": 2**40}
        assert store.events(executions=[execution.id]) == [Event(number, execution.id, "output", "out", 0)]
        assert store.events(artifacts=[number]) == store.events(artifacts=[number], executions=[execution.id])
        assert store.artifacts_with("span", 3) == [artifact]
        assert store.artifacts_with("name", "é", "x") == [artifact]
        assert store.artifacts_with("span", "3") == []


def test_lists_come_in_pages_the_newest_first(recorder):
    for number in range(7):
        recorder.step(
            "Gen", outputs=[("Examples" if number % 2 else "Model", f"/{number}", {})], run=f"run-{number % 2}"
        )
    with Store.open(recorder.path) as store:
        assert [artifact.id for artifact in store.artifacts(limit=3)] == [7, 6, 5]
        assert [artifact.id for artifact in store.artifacts(limit=3, before=5, kind="Model")] == [3, 1]
        assert store.artifacts(state="deleted") == []
        assert [one.id for one in store.executions(run="run-1", limit=2)] == [6, 4]
        assert [one.id for one in store.executions(pipeline="taxi", node="Gen", before=3)] == [2, 1]
        assert store.executions(node="Gen", pipeline="other") == store.executions(state="failed") == []
        for wrong in ({"kind": "Modell"}, {"state": "alive"}):
            with pytest.raises(UsageError, match="Did you mean"):
                store.artifacts(**wrong)


def test_more_ids_than_one_query_takes(recorder):
    [number] = recorder.step("Gen", outputs=[("Examples", "/e", {})])
    with Store.open(recorder.path) as store:
        assert [artifact.id for artifact in store.artifacts_of(range(5000))] == [number]
        assert store.artifacts_of([2**70]) == store.artifacts_of([]) == []
