"""An object store in a folder, for a machine without a server."""

import shutil
from pathlib import Path

from kubeflow.harness.store import files_of


class FolderStore:
    """Keeps `scheme://bucket/key` as a file; see `kubeflow.harness.store.Store`.

    Args:
        folder: Where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, uri: str) -> Path:
        scheme, _, key = uri.partition("://")
        return self._folder / scheme / key

    def upload(self, local: Path, uri: str) -> None:
        _copy(local, self._path(uri))

    def download(self, uri: str, local: Path) -> None:
        _copy(self._path(uri), local)


def _copy(source: Path, target: Path) -> None:
    for file in files_of(source):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
