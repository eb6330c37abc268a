"""What a component tells the person who waits: one JSON object a line, appended to a file.

The runner names the file in `SLIPWAY_EVENTS` and the node in `SLIPWAY_NODE`, which each of its events then carries;
without a file `emit` does nothing, so that a component runs the same under any orchestrator. A line is one `write` to a
file opened for appending: processes do not tear each other's lines.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

EVENTS_VARIABLE = "SLIPWAY_EVENTS"
NODE_VARIABLE = "SLIPWAY_NODE"


def emit(event: str, **fields: Any) -> None:
    """Appends an event to the run's event file, if there is a run that listens.

    Args:
        event: The kind of event, such as `node_started` or `epoch`.
        **fields: JSON values that belong to it.
    """
    path = os.environ.get(EVENTS_VARIABLE)
    if not path:
        return
    node = {"node": os.environ[NODE_VARIABLE]} if NODE_VARIABLE in os.environ else {}
    line = json.dumps({"event": event, "time": time.time(), **node, **fields}) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def run_folder() -> Path | None:
    """Returns the folder of the run that listens; None if there is none."""
    path = os.environ.get(EVENTS_VARIABLE)
    return Path(path).parent if path else None
