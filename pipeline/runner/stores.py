"""Where the metadata of a task's runs are."""

from components.errors import UsageError
from pipeline.config import TaskConfig
from pipeline.home import Home
from pipeline.lineage.connection import SQLITE, Location
from pipeline.runner.request import BEAM, RunOptions


def store_of(task: TaskConfig, home: Home) -> Location:
    """Returns the metadata store of a task's runs: `runner.metadata`, or the home's.

    Raises:
        UsageError: It is no name of a store.
    """
    return Location.of(task.runner.metadata or str(home.metadata_db))


def check(task: TaskConfig, home: Home, options: RunOptions) -> None:
    """Raises a UsageError if a run with these options cannot use the store, or the store is no server's name."""
    kind = store_of(task, home).kind
    if task.runner.metadata and kind == SQLITE:
        raise UsageError(
            "`runner.metadata` names a server.",
            received=task.runner.metadata,
            fix="Give mysql://USER@HOST/DATABASE or postgresql://USER@HOST/DATABASE; a file is in the home.",
        )
    if kind != SQLITE and options.dry_run:
        raise UsageError("--dry-run works on a copy of the store.", received=str(store_of(task, home)))
    if kind != SQLITE and options.runner == BEAM:
        raise UsageError(
            "TFX's BeamDagRunner writes a server's password to its log.", received="--runner beam", fix="Leave it out."
        )
