"""Finds the artifact that a person means: by its number, a path in its payload, or where it was pushed to."""

from pathlib import Path

from components.errors import UsageError
from components.pusher import versions
from pipeline.lineage.records import Artifact
from pipeline.lineage.store import Store

_FIX = "Give the id of an artifact, a path inside one, or a pushed version's folder; `slipway artifacts` lists them."


def locate(store: Store, name: str) -> Artifact:
    """Returns the artifact that a name stands for.

    Args:
        store: The store.
        name: An id, a path in the payload of an artifact, or a path in a pushed version, also of one that a rollback
            has made, or the folder of all versions of a model, which stands for the newest.

    Raises:
        UsageError: There is none.
    """
    found = store.artifacts_of([int(name)]) if name.isdecimal() else _pushed(store, name) or _by_path(store, name)
    if not found:
        raise UsageError("An artifact must be in the metadata store.", received=name, fix=_FIX)
    return found[0]


def _pushed(store: Store, name: str) -> list[Artifact]:
    places = _upwards(_original(Path(name)))
    found = {
        str(model.properties.get("pushed_destination")): model
        for model in store.artifacts_with("pushed_destination", *places)
    }
    return [found[place] for place in places if place in found]


def _original(path: Path) -> Path:
    """Returns the version that a path stands for: the newest of a folder of versions, the original of a rollback's."""
    found = versions.numbers(path)
    version = path / str(found[-1]) if found else path
    if not version.name.isdecimal():
        return version
    return version.with_name(str(versions.origin(version.parent, int(version.name))))


def _by_path(store: Store, name: str) -> list[Artifact]:
    places = _upwards(Path(name))
    # Of several with one payload, as importers make them, the latest.
    found = {artifact.uri: artifact for artifact in sorted(store.artifacts_at(places), key=lambda one: one.id)}
    return [found[place] for place in places if place in found]


def _upwards(path: Path) -> list[str]:
    """Returns a path and its parents as a store may have them: as given, and absolute."""
    return [str(place) for start in dict.fromkeys((path, path.absolute())) for place in (start, *start.parents)]
