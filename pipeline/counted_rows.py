"""How many rows a source holds, remembered as long as none of its files changes. No TensorFlow here."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from components.whole_file import whole_file
from pipeline.data_source import DataSource

CACHE = "verified.json"
"""The file of it, in a task's data folder."""


def digest(source: DataSource) -> str:
    """Returns what stands for the state of a source: the names, sizes and modification times of its files."""
    stats = [path.stat() for path in source.paths()]
    state = [str(source.folder), source.files, source.buckets, [[s.st_size, s.st_mtime_ns] for s in stats]]
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def recall(cache: str | Path, state: str) -> dict[str, int] | None:
    """Returns the rows per split that were counted in this state; None if nobody has counted."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        saved = json.loads(Path(cache).read_bytes())
        if saved["state"] == state:
            return cast(dict[str, int], saved["rows"])
    return None


def remember(cache: str | Path, state: str, rows: Mapping[str, int]) -> None:
    """Writes down the rows per split; what cannot be written is counted again, and no more than that."""
    cache = Path(cache)
    with contextlib.suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(cache) as beside:
            beside.write_text(json.dumps({"state": state, "rows": dict(rows)}), encoding="utf-8")
