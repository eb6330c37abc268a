"""Where artifacts lie between two steps, and the launcher's way of moving them (KFP/v2/objectstore/object_store.go).

A store knows objects, not folders: an upload goes file by file, so an empty folder vanishes; a download takes every
object whose key is the artifact's or begins with it and `/`.
"""

from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """Keeps what `scheme://bucket/key` names."""

    def upload(self, local: Path, uri: str) -> None:
        """Copies a file, or every file below a folder; nothing where nothing is.

        Raises:
            ComponentFailed: The store cannot be used.
        """

    def download(self, uri: str, local: Path) -> None:
        """Copies what an earlier upload has brought; nothing where nothing is.

        Raises:
            ComponentFailed: The store cannot be used, or what it holds cannot be laid out as files.
        """


def files_of(local: Path) -> list[Path]:
    """Returns the file itself, or every file below a folder, sorted."""
    return [path for path in ([local] if local.is_file() else sorted(local.rglob("*"))) if path.is_file()]
