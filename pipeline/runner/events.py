"""A run's event file: read while it is being written, and the two events that the watching process adds to it."""

import json
import time
from pathlib import Path
from typing import Any


class EventFile:
    """The events of a run, each returned once.

    Args:
        path: JSON lines, as `components.progress.emit` writes them. The file may appear later.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> list[dict[str, Any]]:
        """Returns the events since the last call. A line without its end is left for the next call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            chunk = file.read()
        whole = chunk[: chunk.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [entry for entry in map(_entry, whole.splitlines()) if entry is not None]


def read_events(path: Path) -> list[dict[str, Any]]:
    """Returns all events of a run; none if there is no file."""
    return EventFile(path).new()


def event(name: str, **fields: Any) -> dict[str, Any]:
    """Returns an event of this moment: for what only the watcher knows; the worker uses `components.progress.emit`."""
    return {"event": name, "time": time.time(), **fields}


def append(path: Path, entry: dict[str, Any]) -> None:
    """Appends an event to a run's event file."""
    with path.open("a") as file:
        file.write(json.dumps(entry) + "\n")


def _entry(line: bytes) -> dict[str, Any] | None:
    """Returns the event of a line, or None: a disk that was full leaves lines that are no JSON."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "event" in entry else None
