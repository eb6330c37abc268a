"""The schema of data, as TFX keeps it, by its parts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.lineage.flat import flat

_FILE = "schema.pbtxt"


def schema_parts(folder: Path | None) -> Iterator[tuple[str, Any]]:
    """Yields what a schema says, such as `feature.fare.presence.min_fraction` and its value.

    Args:
        folder: The payload of a schema; nothing is told of one that is gone or cannot be read.
    """
    file = folder / _FILE if folder else None
    if file is None or not file.is_file():
        return
    from google.protobuf import json_format, text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    try:
        schema = text_format.Parse(file.read_text(), schema_pb2.Schema(), allow_unknown_field=True)
    except (text_format.ParseError, UnicodeDecodeError):
        return
    for name, value in json_format.MessageToDict(schema, preserving_proto_field_name=True).items():
        yield from flat(name, _by_name(value))


def _by_name(value: Any) -> Any:
    """Returns a list of named things by their names, so that one more in the middle is one difference."""
    if isinstance(value, dict):
        return {key: _by_name(inner) for key, inner in value.items()}
    if isinstance(value, list) and all(isinstance(one, dict) and "name" in one for one in value):
        return {one["name"]: _by_name({key: inner for key, inner in one.items() if key != "name"}) for one in value}
    return value
