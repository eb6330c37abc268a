"""Finding a served model: the newest pushed version of a task, or a folder. No TensorFlow here."""

from pathlib import Path

from components.errors import UsageError, did_you_mean
from pipeline import tasks
from pipeline.home import Home

_SAVED_MODEL = "saved_model.pb"


def find(place: str, home: str | None) -> Path:
    """Returns the folder of a SavedModel.

    Args:
        place: A task, whose newest pushed version is taken; or a folder, of a SavedModel or of numbered versions.
        home: The home directory; None takes `$SLIPWAY_HOME` or `.slipway`.

    Raises:
        UsageError: There is no such task or folder, or no model in it.
    """
    if place in tasks.names():
        folder = Path(tasks.load(place).push.directory or Home.existing(home).serving(place))
        newest = _newest(folder)
        if newest is None:
            raise UsageError(
                "A model must have been pushed.", received=f"none in {folder}", fix=f"Run `slipway run {place}`."
            )
        return newest
    folder = Path(place).expanduser()
    if not folder.is_dir():
        raise UsageError(
            "The model is that of a task, or in a folder.", received=place, fix=did_you_mean(place, tasks.names())
        )
    found = folder if (folder / _SAVED_MODEL).is_file() else _newest(folder)
    if found is None:
        raise UsageError(
            "A folder of a served model must hold a SavedModel, or numbered versions of one.", received=str(folder)
        )
    return found


def _newest(folder: Path) -> Path | None:
    versions = [path for path in folder.glob("*") if path.name.isdecimal() and (path / _SAVED_MODEL).is_file()]
    return max(versions, key=lambda path: int(path.name), default=None)
