"""Modules behind a URL, fetched once into the cache."""

import hashlib
import http.client
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from components.errors import UsageError
from components.trainer.hub import archive


def fetch(url: str, cache: Path, *, timeout: float = 20, max_bytes: int = archive.MAX_BYTES) -> Path:
    """Returns the folder of a module, after downloading and unpacking it where the cache does not have it.

    The cache is laid out as that of `tensorflow_hub`, so each finds what the other has downloaded.

    Args:
        url: Handle of the module on tfhub.dev or kaggle.com, or the URL of a tar archive.
        cache: Folder of the cache.
        timeout: Seconds that the server may be silent, 20 by default.
        max_bytes: Most bytes that are downloaded, and that are unpacked; 8 GiB by default.

    Raises:
        UsageError: There is no network, no such module, or what came is no archive of a module.
    """
    folder = cached(url, cache)
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", suffix=".part", dir=cache) as part:
            file = Path(part, "module.tar.gz")
            try:
                _download(url, file, timeout, max_bytes)
            except (OSError, http.client.HTTPException) as error:
                raise unreachable(url, error) from error
            archive.unpack(file, folder, max_bytes=max_bytes)
    return folder


def cached(handle: str, cache: Path) -> Path:
    """Returns the folder in the cache that belongs to a handle, whether it is there or not."""
    return cache / hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()


def unreachable(handle: str, error: Exception | str) -> UsageError:
    """Returns the one line for a module that cannot be reached, with the way to do without a network."""
    reason = f"HTTP {error.code}" if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", error)
    return UsageError(
        "The module cannot be reached.",
        received=f"handle={handle} ({reason})",
        fix="Download it where there is a network and give the folder or the .tar.gz as the handle, "
        "or set TFHUB_CACHE_DIR to a cache that holds it.",
    )


def _download(url: str, file: Path, timeout: float, max_bytes: int) -> None:
    with urllib.request.urlopen(_archive_url(url), timeout=timeout) as response, file.open("wb") as target:  # noqa: S310
        left = max_bytes
        while chunk := response.read(min(2**20, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise OSError(f"more than {max_bytes} bytes")
            target.write(chunk)


def _archive_url(url: str) -> str:
    """Returns the URL with what asks a hub for the archive instead of the page about it."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query), ("tf-hub-format", "compressed")]
    return urlunsplit(parts._replace(query=urlencode(query)))
