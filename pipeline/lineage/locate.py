"""Finds the artifact that a person means: by its number, a path in its payload, or where it was pushed to."""

from pathlib import Path

from ml_metadata.metadata_store import metadata_store

from components.errors import UsageError
from components.pusher import versions
from pipeline.lineage.records import Artifact

_FIX = "Give the id of an artifact, a path inside one, or a pushed version's folder; `slipway artifacts` lists them."


def locate(store: metadata_store.MetadataStore, name: str) -> Artifact:
    """Returns the artifact that a name stands for.

    Args:
        store: The store.
        name: An id, a path in the payload of an artifact, or a path in a pushed version, also of one that a rollback
            has made, or the folder of all versions of a model, which stands for the newest.

    Raises:
        UsageError: There is none.
    """
    found = _by_id(store, int(name)) if name.isdecimal() else _pushed(store, name) or _by_path(store, name)
    if found is None:
        raise UsageError("An artifact must be in the metadata store.", received=name, fix=_FIX)
    return found


def _by_id(store: metadata_store.MetadataStore, number: int) -> Artifact | None:
    # Ids are 64 bit.
    found = store.get_artifacts_by_id([number]) if number < 2**63 else []
    return Artifact.of(found[0]) if found else None


def _pushed(store: metadata_store.MetadataStore, name: str) -> Artifact | None:
    path = _original(Path(name))
    models = [Artifact.of(message) for message in store.get_artifacts_by_type("PushedModel")]
    places = {model.properties.get("pushed_destination"): model for model in models}
    return next((places[place] for place in _upwards(path) if place in places), None)


def _original(path: Path) -> Path:
    """Returns the version that a path stands for: the newest of a folder of versions, the original of a rollback's."""
    found = versions.numbers(path)
    version = path / str(found[-1]) if found else path
    if not version.name.isdecimal():
        return version
    return version.with_name(str(versions.origin(version.parent, int(version.name))))


def _by_path(store: metadata_store.MetadataStore, name: str) -> Artifact | None:
    for place in _upwards(Path(name)):
        if found := store.get_artifacts_by_uri(place):
            # Of several with one payload, as importers make them, the latest.
            return Artifact.of(max(found, key=lambda message: message.id))
    return None


def _upwards(path: Path) -> list[str]:
    """Returns a path and its parents as a store may have them: as given, and absolute."""
    return [str(place) for start in dict.fromkeys((path, path.absolute())) for place in (start, *start.parents)]
