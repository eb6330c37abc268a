"""Where a module is: from a handle to a folder that TensorFlow can load."""

import hashlib
import os
import socket
import tempfile
from pathlib import Path
from urllib.request import getproxies

import tensorflow as tf
import tensorflow_hub as hub

from components.errors import UsageError
from components.trainer.hub import archive, converters, download

CONVERTED = "converted:"

_SAVED_MODEL = ("saved_model.pb", "saved_model.pbtxt")


def cache_dir() -> Path:
    """Returns where unpacked modules are kept: $TFHUB_CACHE_DIR, else `slipway/hub` in the user's cache."""
    given = os.environ.get("TFHUB_CACHE_DIR")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else caches / "slipway" / "hub"


def resolve(handle: str, *, timeout: float = 20) -> str:
    """Returns the folder of a module's SavedModel.

    Args:
        handle: A folder, a tar archive (.tar, .tar.gz, .tgz), the URL of a module on tfhub.dev or kaggle.com or of an
            archive, or a folder or an archive on any file system of TensorFlow (`gs://`). `converted:NAME` is what
            `converters.build` makes of the weights that an installed package ships, made once and kept in `cache_dir`.
        timeout: Seconds that a server may be silent, 20 by default.

    Raises:
        UsageError: There is no such module, or no network to reach it by.
    """
    if handle.startswith(CONVERTED):
        name = handle.removeprefix(CONVERTED)
        folder = str(converters.build(name, cache_dir() / "converted" / name))
    elif handle.startswith(("http://", "https://")):
        folder = str(_root(handle, download.fetch(handle, cache_dir(), timeout=timeout)))
    elif "://" in handle:
        folder = _remote(handle, timeout)
    else:
        folder = str(_local(handle))
    return folder


def _local(handle: str) -> Path:
    path = Path(handle).expanduser()
    if path.is_file() and path.name.endswith(archive.SUFFIXES):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        folder = cache_dir() / f"archive-{digest}"
        if not folder.is_dir():
            archive.unpack(path, folder)
        return _root(handle, folder)
    if not path.is_dir():
        raise UsageError(
            "The handle of a module must name a SavedModel folder, a .tar.gz of one, or a URL.",
            received=f"handle={handle}, which does not exist" if not path.exists() else f"handle={handle}",
            fix="Give the path of the folder that holds saved_model.pb.",
        )
    return _root(handle, path)


def _root(handle: str, folder: Path) -> Path:
    """Returns the folder that holds the SavedModel: the folder itself or the only one in it."""
    children = [path for path in folder.iterdir() if path.is_dir()]
    for candidate in [folder, *(children if len(children) == 1 else [])]:
        if any((candidate / name).is_file() for name in _SAVED_MODEL):
            return candidate
    raise UsageError(
        "A module must be a SavedModel.",
        received=f"handle={handle}, which holds no saved_model.pb",
        fix="Give the folder in which saved_model.pb lies.",
    )


def _remote_archive(handle: str) -> Path:
    folder = download.cached(handle, cache_dir())
    if not folder.is_dir():
        if tf.io.gfile.stat(handle).length > archive.MAX_BYTES:
            raise OSError(f"more than {archive.MAX_BYTES} bytes")
        with tempfile.TemporaryDirectory() as temporary:
            tf.io.gfile.copy(handle, str(Path(temporary, "module.tar.gz")))
            archive.unpack(Path(temporary, "module.tar.gz"), folder)
    return folder


def _remote(handle: str, timeout: float) -> str:
    # TensorFlow's client repeats for minutes what a missing network makes hopeless.
    if handle.startswith("gs://") and not getproxies():
        try:
            socket.create_connection(("storage.googleapis.com", 443), timeout=timeout).close()
        except OSError as error:
            raise download.unreachable(handle, error) from error
    try:
        if handle.endswith(archive.SUFFIXES):
            return str(_root(handle, _remote_archive(handle)))
        folder = hub.resolve(handle)
        found = any(tf.io.gfile.exists(f"{folder}/{name}") for name in _SAVED_MODEL)
    except (tf.errors.OpError, OSError, ValueError, RuntimeError) as error:
        raise download.unreachable(handle, str(error).split("\n", 1)[0]) from error
    if not found:
        raise download.unreachable(handle, "no saved_model.pb there")
    return folder
