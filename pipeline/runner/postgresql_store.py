"""ML Metadata's client for PostgreSQL, with texts that hold backslashes.

ML Metadata quotes a text by libpq's `PQescapeLiteral` and takes the quotes off again to put its own around it. Where a
text holds a backslash libpq answers ` E'...'` instead of `'...'`; what is left of that is no SQL, and the statement
fails. The JSON in which TFX notes a node's configuration has backslashes before quotes and in regular expressions.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from ml_metadata.metadata_store import metadata_store

from pipeline.lineage.database import BACKSLASH


class PostgresqlStore(metadata_store.MetadataStore):
    """Writes a fullwidth backslash for each backslash, and reads it as one."""

    def _pywrap_cc_call(self, method: Callable[..., Any], request: Message, response: Message) -> None:
        written = type(request).FromString(request.SerializeToString())
        _replace(written, "\\", BACKSLASH)
        super()._pywrap_cc_call(method, written, response)
        _replace(response, BACKSLASH, "\\")


def _replace(message: Message, old: str, new: str) -> None:
    """Replaces a text in all texts of a message and of those inside it."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING and not field.is_repeated:
            setattr(message, field.name, value.replace(old, new))
        elif field.type == field.TYPE_STRING:
            value[:] = [text.replace(old, new) for text in value]
        elif field.type == field.TYPE_MESSAGE:
            for inner in _inside(field, value):
                _replace(inner, old, new)


def _inside(field: FieldDescriptor, value: Any) -> Iterable[Message]:
    """Returns the messages of a field: one, several, or the values of a map."""
    if isinstance(value, Mapping):
        return [inner for inner in value.values() if isinstance(inner, Message)]
    return value if field.is_repeated else [value]
