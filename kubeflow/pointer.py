"""What was pushed last, as the next run's baseline: one small file that the pushing step writes and renames into place.

The file lies in the folder of the pushed versions, under `.slipway/`, which servers overlook as it is no number. It
names the version that was pushed, and for whatever else a resolver asks for (the statistics of the data behind that
model) a copy that lies beside it.
"""

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.errors import ComponentFailed
from pipeline.payload import measure

FOLDER = ".slipway"
FILE = "pushed.json"
_FORMAT = 1
_SERVING = "Format-Serving"


@dataclass(frozen=True)
class Published:
    """What a resolver finds.

    Args:
        path: The folder, relative to that of the versions.
        inside: The folder inside the artifact that it is copied to; empty where it is all of the artifact.
        metadata: The artifact's metadata.
    """

    path: str
    inside: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Offered:
    """What a pushing step offers.

    Args:
        folder: The artifact's files.
        metadata: The artifact's metadata.
        pushed: Whether it is the model that was pushed, of which no copy is needed.
    """

    folder: Path
    metadata: Mapping[str, Any]
    pushed: bool = False


def write(folder: Path, version: str, offered: Mapping[str, Offered]) -> None:
    """Points to a version and what belongs to it; copies of earlier versions go afterwards.

    Args:
        folder: The folder of the versions.
        version: The name of the version that has been pushed.
        offered: What resolvers ask for, by the name under which they do.
    """
    kept = folder / FOLDER / version
    entries = {}
    for name, item in sorted(offered.items()):
        if item.pushed:
            entries[name] = Published(version, _SERVING, dict(item.metadata))
        else:
            shutil.copytree(item.folder, kept / name, dirs_exist_ok=True)
            entries[name] = Published(f"{FOLDER}/{version}/{name}", "", dict(item.metadata))
    payload = measure(folder / version)
    values = {
        "format": _FORMAT,
        "version": version,
        "digest": payload.digest if payload else None,
        "artifacts": {name: asdict(entry) for name, entry in entries.items()},
    }
    (folder / FOLDER).mkdir(exist_ok=True)
    replace_text(folder / FOLDER / FILE, json.dumps(values, indent=2) + "\n")
    for path in (folder / FOLDER).iterdir():
        if path.name.isdecimal() and path.name != version:
            shutil.rmtree(path, ignore_errors=True)


def version_of(folder: Path, model: Path) -> str | None:
    """Returns the version that was pushed last if it is this very model and still there."""
    file = folder / FOLDER / FILE
    if not file.exists():
        return None
    values, payload = _read(file), measure(model)
    there = payload is not None and values.get("digest") == payload.digest and (folder / values["version"]).is_dir()
    return values["version"] if there else None


def _read(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text())
        return {**values, "artifacts": {name: Published(**entry) for name, entry in values["artifacts"].items()}}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(file, f"{type(error).__name__}: {error}") from None


def copy(folder: Path, name: str, target: Path) -> dict[str, Any] | None:
    """Copies what the pointer names.

    Args:
        folder: The folder of the versions.
        name: What the resolver asks for.
        target: The folder of the artifact.

    Returns:
        The artifact's metadata; None, and nothing is copied, where nothing has been pushed yet.

    Raises:
        ComponentFailed: The pointer is broken, or names a version that is not there any more.
    """
    file = folder / FOLDER / FILE
    if not file.exists():
        return None
    found = _read(file)["artifacts"].get(name)
    if found is None:
        return None
    if not (folder / found.path).is_dir():
        raise _broken(file, f"no {found.path} in {folder}")
    shutil.copytree(folder / found.path, target / found.inside, dirs_exist_ok=True)
    return found.metadata


def _broken(file: Path, received: str) -> ComponentFailed:
    return ComponentFailed(
        "The pointer to what was pushed last must name something that is there.",
        received=received,
        fix=f"Remove {file} to go on without a baseline.",
    )


def replace_text(path: Path, text: str) -> None:
    """Writes a file that appears whole."""
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with beside.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
