"""Artifacts and executions of ML Metadata as values of Python."""

from dataclasses import dataclass, field
from typing import Any

from ml_metadata.proto import metadata_store_pb2

from pipeline.lineage.runs import STATES

_ARTIFACT_STATES = metadata_store_pb2.Artifact.State.items()
_TYPE_OF_PATH = "."


@dataclass(frozen=True)
class Artifact:
    """What a node has put out, or what was given.

    Args:
        id: Its number in the store.
        type: Such as `Model`.
        uri: Where its payload is.
        state: `live`, `deleted`, `pending` or `unknown`.
        created: Seconds since 1970.
        properties: Name to value, those of its type and its own.
    """

    id: int
    type: str
    uri: str
    state: str
    created: float
    properties: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, message: metadata_store_pb2.Artifact) -> "Artifact":
        """Returns an artifact as the store has given it."""
        state = {number: name.lower() for name, number in _ARTIFACT_STATES}.get(message.state, "unknown")
        created = message.create_time_since_epoch / 1000
        return cls(message.id, message.type, message.uri, state, created, _properties(message))


@dataclass(frozen=True)
class Execution:
    """One time that a node was run.

    Args:
        id: Its number in the store.
        component: Import path of the component class.
        state: `waiting`, `running`, `complete`, `cached`, `failed`, `canceled` or `unknown`.
        started: Seconds since 1970.
        seconds: From its start to the last change of its record.
        properties: Name to value: the parameters of the component.
    """

    id: int
    component: str
    state: str
    started: float
    seconds: float
    properties: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, message: metadata_store_pb2.Execution) -> "Execution":
        """Returns an execution as the store has given it."""
        started = message.create_time_since_epoch / 1000
        return cls(
            id=message.id,
            component=message.type,
            state=STATES.get(message.last_known_state, "unknown"),
            started=started,
            seconds=message.last_update_time_since_epoch / 1000 - started,
            properties=_properties(message),
        )

    @property
    def name(self) -> str:
        """The name of the component class."""
        return self.component.rpartition(_TYPE_OF_PATH)[2]


def _properties(message: metadata_store_pb2.Artifact | metadata_store_pb2.Execution) -> dict[str, Any]:
    values = {**message.properties, **message.custom_properties}
    return {name: _value(value) for name, value in sorted(values.items())}


def _value(value: metadata_store_pb2.Value) -> Any:
    kind = value.WhichOneof("value")
    found = getattr(value, kind) if kind else None
    return found if isinstance(found, (int, float, str, bool, type(None))) else str(found)
