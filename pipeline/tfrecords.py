"""TFRecord files: recognising one, and reading it with an error that names the broken record.

TensorFlow's own reader takes a gzip file cut at a record boundary for a whole one, and Beam's does not say which record
is broken. So reading is done here, over `gzip`, as fast as through a tf.data iterator, and without TensorFlow.
"""

import gzip
import itertools
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, cast

import google_crc32c

_GZIP_MAGIC = b"\x1f\x8b"
_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_DEFLATE_RATIO = 1032  # No deflate stream expands more than this, so a longer record cannot be inside the file.


class BrokenRecord(Exception):
    """A file stops being TFRecords.

    Args:
        number: How many whole records come before.
        reason: What is wrong, as a phrase.
    """

    def __init__(self, number: int, reason: str) -> None:
        self.number, self.reason = number, reason
        super().__init__(f"record {number}: {reason}")


def compression(path: Path) -> Literal["gzip", "plain"] | None:
    """Recognises a TFRecord file by its first record's header, whatever its name is.

    Returns:
        How it is compressed, or None: it is empty, unreadable, cut inside the first twelve bytes, or something else.
    """
    try:
        gzipped = _is_gzip(path)
        with _open(path, gzipped) as stream:
            header = stream.read(_HEADER.size)
    except (OSError, EOFError, zlib.error):
        return None
    if len(header) < _HEADER.size or not _matches(header[:8], header[8:]):
        return None
    return "gzip" if gzipped else "plain"


def records(path: Path) -> Iterator[bytes]:
    """Yields the records of a file, gzip or plain, and checks every checksum on the way, gzip's own too.

    A plain file that was cut exactly between two records cannot be told from a whole one; a gzip file can.

    Raises:
        BrokenRecord: A record is cut or altered, the gzip stream is cut or altered, or the file is empty.
        OSError: The file cannot be opened.
    """
    gzipped, size = _is_gzip(path), path.stat().st_size
    if not size:
        raise BrokenRecord(0, "the file is empty")
    longest = size * (_DEFLATE_RATIO if gzipped else 1)
    with _open(path, gzipped) as stream:
        for number in itertools.count():
            try:
                record = _next(stream, longest)
            except EOFError:
                raise BrokenRecord(number, "the gzip stream ends early") from None
            except (OSError, ValueError, zlib.error) as error:
                raise BrokenRecord(number, str(error)) from None
            if record is None:
                return
            yield record


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC


def _open(path: Path, gzipped: bool) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if gzipped else path.open("rb")


def _next(stream: BinaryIO, longest: int) -> bytes | None:
    """Returns the next record, or None at the end; a ValueError says what is wrong with it."""
    header = stream.read(_HEADER.size)
    if not header:
        return None
    if len(header) < _HEADER.size:
        raise ValueError("the file ends inside it")
    if not _matches(header[:8], header[8:]):
        raise ValueError("the checksum of its length is wrong")
    length = _HEADER.unpack(header)[0]
    body = stream.read(length + _CHECKSUM.size) if length <= longest else b""
    if len(body) < length + _CHECKSUM.size:
        raise ValueError("the file ends inside it")
    if not _matches(body[:length], body[length:]):
        raise ValueError("the checksum of its data is wrong")
    return body[:length]


def _matches(data: bytes, checksum: bytes) -> bool:
    crc = google_crc32c.value(data)
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return bool(masked == _CHECKSUM.unpack(checksum)[0])
