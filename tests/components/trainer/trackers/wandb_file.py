"""Reads the file of an offline run: W&B's own records, in blocks as in the log of LevelDB."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BLOCK = 32 * 1024
_FILE_HEADER = 7
_CHUNK_HEADER = struct.Struct("<IHB")
_FULL, _LAST = 1, 4


def records(path: Path) -> Iterator[Any]:
    """Yields the records (`wandb.proto.wandb_internal_pb2.Record`) in the order in which they were written."""
    from wandb.proto import wandb_internal_pb2

    data, position, parts = path.read_bytes(), _FILE_HEADER, b""
    while position + _CHUNK_HEADER.size <= len(data):
        left = _BLOCK - position % _BLOCK
        if left < _CHUNK_HEADER.size:
            position += left
            continue
        _, length, kind = _CHUNK_HEADER.unpack_from(data, position)
        position += _CHUNK_HEADER.size
        parts += data[position : position + length]
        position += length
        if kind in (_FULL, _LAST):
            yield wandb_internal_pb2.Record.FromString(parts)
            parts = b""
