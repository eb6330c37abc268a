"""Whether the payloads that a store knows are there and as they were written, and which ones no artifact names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.lineage.places import Places, local_path
from pipeline.lineage.records import Artifact
from pipeline.payload import BYTES_PROPERTY, DIGEST_PROPERTY, measure

MISSING, CHANGED = "missing", "changed"

# TFX keeps there what an executor needs while it runs.
_SYSTEM = ".system"


@dataclass(frozen=True)
class Problem:
    """A payload that is not as it should be.

    Args:
        artifact: The artifact.
        what: `missing` or `changed`.
        detail: What was expected and what was found.
    """

    artifact: Artifact
    what: str
    detail: str


@dataclass(frozen=True)
class Verification:
    """What was found.

    Args:
        problems: What is wrong.
        matched: How many payloads are what their digest says.
        unmeasured: How many are there, without a digest to compare them with.
        elsewhere: How many are not on this machine, and were not looked at.
        orphans: Files and folders below the pipelines' root that no artifact names.
    """

    problems: tuple[Problem, ...]
    matched: int
    unmeasured: int
    elsewhere: int
    orphans: tuple[Path, ...]


def verify(artifacts: Iterable[Artifact], root: Path | None) -> Verification:
    """Looks at the payload of each live artifact.

    Args:
        artifacts: All artifacts.
        root: The folder that holds nothing but payloads; None looks for no orphans.
    """
    known = list(artifacts)
    live = [artifact for artifact in known if artifact.state == "live"]
    here = [(artifact, path) for artifact in live if (path := local_path(artifact.uri))]
    problems = [problem for artifact, path in here if (problem := _problem(artifact, path))]
    sound = {artifact.id for artifact, _ in here} - {problem.artifact.id for problem in problems}
    measured = {artifact.id for artifact in live if DIGEST_PROPERTY in artifact.properties}
    named = [path for artifact in known if artifact.state != "deleted" and (path := local_path(artifact.uri))]
    return Verification(
        problems=tuple(problems),
        matched=len(sound & measured),
        unmeasured=len(sound - measured),
        elsewhere=len(live) - len(here),
        orphans=tuple(_orphans(root, Places(named))) if root and root.is_dir() else (),
    )


def _problem(artifact: Artifact, path: Path) -> Problem | None:
    if not path.exists():
        return Problem(artifact, MISSING, "nothing is there")
    expected = artifact.properties.get(DIGEST_PROPERTY)
    found = measure(path) if expected else None
    if found is None or found.digest == expected:
        return None
    size = artifact.properties.get(BYTES_PROPERTY)
    return Problem(
        artifact, CHANGED, f"{size} bytes, digest {str(expected)[:12]}, are now {found.bytes}, {found.digest[:12]}"
    )


def _orphans(folder: Path, named: Places) -> Iterator[Path]:
    """Yields the uppermost files and folders that neither are, nor hold, nor lie in a named one."""
    for path in sorted(folder.iterdir()):
        if path.name == _SYSTEM or named.holds(path):
            continue
        if path.is_symlink() or not path.is_dir() or not named.touches(path):
            if not _is_empty(path):
                yield path
        else:
            yield from _orphans(path, named)


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(_SYSTEM not in found.parts and found.is_file() for found in path.rglob("*"))
