"""The manifest that stands beside TFRecords which a task has written for itself. No TensorFlow here."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


def made_with(folder: str | Path, params: Mapping[str, Any]) -> bool:
    """Says whether a folder's TFRecords were made with these parameters, as far as its manifest tells."""
    try:
        key = json.loads((Path(folder) / MANIFEST).read_bytes())["key"]
        return all(key.get(name, value) == value for name, value in params.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
