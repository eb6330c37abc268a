"""An object store in a folder: keys without folders of their own, so that empty ones vanish as they do in S3."""

import shutil
from pathlib import Path


class FolderStore:
    """Keeps `scheme://bucket/key` as a file.

    Args:
        folder: Where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, uri: str) -> Path:
        scheme, _, key = uri.partition("://")
        return self._folder / scheme / key

    def upload(self, local: Path, uri: str) -> None:
        """Copies a file, or every file below a folder; nothing where nothing is."""
        _copy(local, self._path(uri))

    def download(self, uri: str, local: Path) -> None:
        """Copies what an earlier upload has brought; nothing where nothing is."""
        _copy(self._path(uri), local)


def _copy(source: Path, target: Path) -> None:
    for file in [source] if source.is_file() else sorted(source.rglob("*")):
        if file.is_file():
            place = target if file == source else target / file.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
