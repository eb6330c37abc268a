"""Which payloads nothing needs any more, and their removal.

What is needed: all that the kept runs have read and put out, the same of the executions that blessed or pushed a model,
and of all executions that made any of it. Executions are taken whole, as TFX's cache answers only if all outputs of one
are there. The rest is first marked as deleted, so that no cache and no resolver finds it, then renamed, then removed:
who kills this at any moment leaves a store and folders that the next time finishes.
"""

import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.lineage.connection import Location
from pipeline.lineage.graph import Links
from pipeline.lineage.places import Places, local_path, size_of
from pipeline.lineage.records import Artifact, Execution
from pipeline.lineage.runs import Run
from pipeline.lineage.store import Store

_REMOVED = ".deleted-"
_AT_ONCE = 500
_DAY = 86_400
_GOING_ON = frozenset({"running", "waiting"})
_OF_OTHERS = "reference"


@dataclass(frozen=True)
class Payload:
    """A payload that can go.

    Args:
        artifact: The artifact.
        path: Where it lies.
        bytes: Its size; 0 where another one that goes lies there too, and counts them.
    """

    artifact: Artifact
    path: Path
    bytes: int


@dataclass(frozen=True)
class Plan:
    """What a removal removes.

    Args:
        payloads: What can go.
        leftovers: What an earlier removal had renamed when it was killed.
        leftover_bytes: Their size.
        kept: How many payloads below the root stay.
    """

    payloads: tuple[Payload, ...]
    leftovers: tuple[Path, ...]
    leftover_bytes: int
    kept: int

    @property
    def bytes(self) -> int:
        """What is freed."""
        return self.leftover_bytes + sum(payload.bytes for payload in self.payloads)


def kept_runs(runs: Iterable[Run], count: int | None, days: float | None, now: float) -> set[str]:
    """Returns the names of the runs that stay: what either rule keeps, and what has not come to its end.

    Args:
        runs: All runs, the latest first.
        count: How many of each pipeline, the latest; None: no such rule.
        days: Those of how many days before now; None: no such rule.
        now: Seconds since 1970.
    """
    kept, seen = set(), dict[str, int]()
    for run in runs:
        seen[run.pipeline] = seen.get(run.pipeline, 0) + 1
        young = days is not None and run.started >= now - days * _DAY
        if young or seen[run.pipeline] <= (count or 0) or run.state in _GOING_ON:
            kept.add(run.id)
    return kept


def needed(
    executions: Collection[Execution], links: Links, artifacts: Iterable[Artifact], kept: Collection[str]
) -> set[int]:
    """Returns the ids of the artifacts that have to stay.

    Args:
        executions: All executions.
        links: All of their events.
        artifacts: All artifacts.
        kept: The names of the runs that stay.
    """
    # An execution without a run is of another tool, of which nothing is known.
    seeds = {one.id for one in executions if one.run in kept or not one.run or one.state in _GOING_ON}
    good = {number for artifact in artifacts for number in _good(artifact)}
    seeds |= {maker for number in good if (maker := links.maker(number)) is not None}
    return good | _with_ancestors(seeds, links)


def _good(artifact: Artifact) -> Iterator[int]:
    """Yields an artifact that stands for a model that was blessed or pushed, and that model."""
    properties = artifact.properties
    if artifact.type == "PushedModel" and properties.get("pushed"):
        yield artifact.id
    if artifact.type == "ModelBlessing" and properties.get("blessed"):
        yield artifact.id
        if isinstance(model := properties.get("current_model_id"), int):
            yield model


def _with_ancestors(executions: set[int], links: Links) -> set[int]:
    found, waiting = set[int](), list(executions)
    seen = set(executions)
    for execution in waiting:
        used = {event.artifact for event in [*links.inputs(execution), *links.outputs(execution)]}
        found |= used
        new = {maker for one in used if (maker := links.maker(one)) is not None} - seen
        seen |= new
        waiting += new
    return found


def plan(store: Store, root: Path, kept: Collection[str]) -> Plan:
    """Returns what can go of the payloads below a folder.

    Args:
        store: The store.
        root: The folder; nothing outside of it is ever touched, links followed.
        kept: The names of the runs that stay.
    """
    executions, artifacts = store.executions(), store.artifacts()
    links = Links(store.events(executions=[execution.id for execution in executions]))
    stays = needed(executions, links, artifacts, kept)
    protected = Places(path for one in artifacts if one.id in stays or one.state == _OF_OTHERS for path in _paths(one))
    inside = [(one, path) for one in artifacts if (path := local_path(one.uri)) and _is_inside(path, root)]
    goes = [(one, path) for one, path in inside if one.id not in stays and not protected.touches(path)]
    leftovers = tuple(path for path in sorted(root.rglob(f"{_REMOVED}*")) if not protected.touches(path))
    return Plan(
        payloads=tuple(_payloads(goes)),
        leftovers=leftovers,
        leftover_bytes=sum(map(size_of, leftovers)),
        kept=len({path for _, path in inside} - {path for _, path in goes}),
    )


def _payloads(goes: Iterable[tuple[Artifact, Path]]) -> Iterator[Payload]:
    """Yields what goes, the outer one of two that lie in each other first; bytes count once."""
    seen: set[Path] = set()
    for artifact, path in sorted(goes, key=lambda pair: (len(pair[1].parts), pair[0].id)):
        known = not seen.isdisjoint((path, *path.parents))
        seen.add(path)
        yield Payload(artifact, path, 0 if known else size_of(path))


def remove(location: Location, found: Plan) -> None:
    """Removes what a plan names.

    Args:
        location: The store, which must not be open for reading in this process.
        found: The plan.
    """
    _mark(location, [payload.artifact.id for payload in found.payloads if payload.artifact.state != "deleted"])
    for payload in found.payloads:
        # One payload may lie in another.
        if payload.path.exists():
            _remove(payload.path.rename(payload.path.with_name(f"{_REMOVED}{payload.artifact.id}")))
    for path in found.leftovers:
        _remove(path)


def _mark(location: Location, ids: list[int]) -> None:
    from ml_metadata.metadata_store import metadata_store

    if not ids:
        return
    store = metadata_store.MetadataStore(location.config())
    for start in range(0, len(ids), _AT_ONCE):
        found = store.get_artifacts_by_id(ids[start : start + _AT_ONCE])
        for artifact in found:
            artifact.state = artifact.DELETED
        store.put_artifacts(found)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _paths(artifact: Artifact) -> Iterator[Path]:
    for place in (artifact.uri, str(artifact.properties.get("pushed_destination", ""))):
        if path := local_path(place):
            yield path


def _is_inside(path: Path, root: Path) -> bool:
    return path.exists() and not path.is_symlink() and root.resolve() in path.resolve().parents
