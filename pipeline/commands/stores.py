"""What the commands that look at runs open: the metadata store, and what local runs have told besides."""

from pathlib import Path

from pipeline.home import Home
from pipeline.lineage import Store
from pipeline.runner.events import read_events
from pipeline.runner.request import EVENTS_FILE
from pipeline.runner.state import RunState, fold


def open_store(home: str | None, store: str | None) -> Store:
    """Opens the store that a command was given, else the home's.

    Args:
        home: What `--home` was given.
        store: What `--store` was given.
    """
    return Store.open(store or Home.existing(home).metadata_db)


def told(home: str | None, run: str) -> RunState:
    """Returns what a run has told beyond ML Metadata, such as its evaluation; nothing of one that is not the home's."""
    return fold(read_events(folder_of(home, run) / EVENTS_FILE))


def folder_of(home: str | None, run: str) -> Path:
    """Returns the folder of a run of the home, which need not be there."""
    # The name is of the store, which may be anybody's.
    return Home.at(home).run(Path(run).name)
