"""Puts in order what a killed run has left. No TensorFlow here: the watching process does it."""

import shutil
from pathlib import Path

from ml_metadata.metadata_store import metadata_store

from pipeline.home import Home
from pipeline.lineage.connection import SQLITE, Location
from pipeline.runner import leftovers
from pipeline.runner.events import append, event, read_events
from pipeline.runner.metadata_lock import locked
from pipeline.runner.request import EVENTS_FILE, TEMPORARY_FOLDER


def tidy(home: Home, store: Location, task: str, run_id: str, canceled: bool = False) -> None:
    """Ends a run that nobody runs any more: in ML Metadata, on the disk, and in its events.

    Args:
        home: The home of the run.
        store: Its metadata.
        task: Its task.
        run_id: Its name.
        canceled: Whether it was told to stop.
    """
    reason = "The run was interrupted." if canceled else "The run came to a sudden end."
    if store.kind != SQLITE or Path(store.path).exists():
        with locked(store.path):
            opened = metadata_store.MetadataStore(store.config())
            leftovers.close(opened, run_id, reason, home.pipelines(task), canceled)
    folder = home.run(run_id)
    shutil.rmtree(folder / TEMPORARY_FOLDER, ignore_errors=True)
    events = read_events(folder / EVENTS_FILE)
    if events and events[-1]["event"] != "run_finished":
        append(folder / EVENTS_FILE, event("run_finished", outcome="failed", exit_code=1, message=reason))
