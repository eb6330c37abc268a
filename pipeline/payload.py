"""What an artifact's files are, in bytes and a digest: noted when it is published, compared when it is used again.

>>> import tempfile
>>> folder = Path(tempfile.mkdtemp())
>>> _ = (folder / "a.txt").write_text("hello")
>>> measure(folder).bytes
5
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

BYTES_PROPERTY = "slipway_bytes"
DIGEST_PROPERTY = "slipway_digest"


@dataclass(frozen=True)
class Payload:
    """The files of an artifact.

    Args:
        bytes: Their size together.
        digest: 64 hexadecimal digits over names, sizes and contents.
    """

    bytes: int
    digest: str


def measure(path: Path) -> Payload | None:
    """Returns what lies at a path, a file or a folder with all that is below it; None if nothing is there."""
    if not path.exists():
        return None
    total, digest = 0, hashlib.sha256()
    for name, file in _files(path):
        size = file.stat().st_size
        total += size
        digest.update(f"{name}\0{size}\0".encode())
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return Payload(total, digest.hexdigest())


def stamps(path: Path) -> list[tuple[str, int, int]]:
    """Returns name, size and time of change (nanoseconds since 1970) of each file: what is quick to compare."""
    found = ((name, file.stat()) for name, file in _files(path)) if path.exists() else ()
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in found]


def _files(path: Path) -> list[tuple[str, Path]]:
    if path.is_file():
        return [(path.name, path)]
    return [(file.relative_to(path).as_posix(), file) for file in sorted(path.rglob("*")) if file.is_file()]
