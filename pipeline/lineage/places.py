"""Where payloads lie on this machine."""

import os
from collections.abc import Iterable
from pathlib import Path

_LOCAL = "file://"


def local_path(uri: str) -> Path | None:
    """Returns the path of a payload; None where it is elsewhere, such as in a bucket, or where none is noted."""
    path = uri.removeprefix(_LOCAL)
    return Path(path) if Path(path).is_absolute() else None


def size_of(path: Path) -> int:
    """Returns the bytes of a file, or of all files below a folder."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    return sum(Path(parent, name).lstat().st_size for parent, _, names in os.walk(path) for name in names)


class Places:
    """A set of paths, links followed, that is asked whether another path touches it.

    Args:
        paths: The paths.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = {path.resolve() for path in paths}
        self._parents = {parent for path in self._paths for parent in path.parents}

    def touches(self, path: Path) -> bool:
        """Whether a path is one of them, holds one of them, or lies in one of them."""
        return self.holds(path) or path.resolve() in self._parents

    def holds(self, path: Path) -> bool:
        """Whether a path is one of them or lies in one of them."""
        found = path.resolve()
        return found in self._paths or any(parent in self._paths for parent in found.parents)
