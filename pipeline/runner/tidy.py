"""Puts in order what a killed run has left. No TensorFlow here: the watching process does it."""

import shutil

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from pipeline.home import Home
from pipeline.runner import leftovers
from pipeline.runner.events import append, event, read_events
from pipeline.runner.metadata_lock import locked
from pipeline.runner.request import EVENTS_FILE, TEMPORARY_FOLDER


def tidy(home: Home, task: str, run_id: str, canceled: bool = False) -> None:
    """Ends a run that nobody runs any more: in ML Metadata, on the disk, and in its events.

    Args:
        home: The home of the run.
        task: Its task.
        run_id: Its name.
        canceled: Whether it was told to stop.
    """
    reason = "The run was interrupted." if canceled else "The run came to a sudden end."
    if home.metadata_db.exists():
        with locked(str(home.metadata_db)):
            leftovers.close(_store(home), run_id, reason, home.pipelines(task), canceled)
    folder = home.run(run_id)
    shutil.rmtree(folder / TEMPORARY_FOLDER, ignore_errors=True)
    events = read_events(folder / EVENTS_FILE)
    if events and events[-1]["event"] != "run_finished":
        append(folder / EVENTS_FILE, event("run_finished", outcome="failed", exit_code=1, message=reason))


def _store(home: Home) -> metadata_store.MetadataStore:
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = str(home.metadata_db)
    connection.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE
    return metadata_store.MetadataStore(connection)
