"""What ML Metadata keeps, as values of Python."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.trainer.trackers.execution import TrackedRun, tracked_runs

EXECUTION_STATES: Mapping[int, str] = {
    0: "unknown",
    1: "waiting",
    2: "running",
    3: "complete",
    4: "failed",
    5: "cached",
    6: "canceled",
}
ARTIFACT_STATES: Mapping[int, str] = {
    0: "unknown",
    1: "pending",
    2: "live",
    3: "marked for deletion",
    4: "deleted",
    5: "abandoned",
    6: "reference",
}
STARTED_PROPERTY, SECONDS_PROPERTY = "__slipway_started__", "__slipway_seconds__"
"""When an execution began and how long it took, where it was written after the run: ML Metadata notes only the latter
moment."""

SUCCESSFUL = frozenset({"complete", "cached"})

_EVENT_TYPES: Mapping[int, str] = {
    1: "output",  # declared
    2: "input",  # declared
    3: "input",
    4: "output",
    5: "internal input",
    6: "internal output",
}
_STRUCT = "mlmd-struct::"
_TYPE_OF_PATH = "."
_WRAPPED = "__value__"


@dataclass(frozen=True)
class Artifact:
    """What a node has put out, or what was given.

    Args:
        id: Its number in the store.
        type: Such as `Model`.
        uri: Where its payload is.
        state: `live`, `deleted`, `pending`, `marked for deletion`, `abandoned`, `reference` or `unknown`.
        created: Seconds since 1970.
        properties: Name to value, those of its type and its own.
    """

    id: int
    type: str
    uri: str
    state: str
    created: float
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Execution:
    """One time that a node was run.

    Args:
        id: Its number in the store.
        component: Import path of the component class.
        state: `waiting`, `running`, `complete`, `cached`, `failed`, `canceled` or `unknown`.
        started: Seconds since 1970.
        seconds: From its start to the last change of its record, which is its end if it has ended.
        properties: Name to value: the parameters of the component, and TFX's own notes, whose names begin with `__`.
        pipeline: The pipeline that it belongs to; empty where the store does not say.
        run: The run, likewise.
        node: The node's id; the name of the component class where the store does not say.
    """

    id: int
    component: str
    state: str
    started: float
    seconds: float
    properties: dict[str, Any] = field(default_factory=dict)
    pipeline: str = ""
    run: str = ""
    node: str = ""

    @property
    def name(self) -> str:
        """The name of the component class."""
        return self.component.rpartition(_TYPE_OF_PATH)[2]

    @property
    def tracked(self) -> tuple[TrackedRun, ...]:
        """The runs that experiment trackers keep of it."""
        return tuple(tracked_runs({name: str(value) for name, value in self.properties.items()}))


@dataclass(frozen=True)
class Event:
    """That an execution has read or put out an artifact.

    Args:
        artifact: Id of the artifact.
        execution: Id of the execution.
        kind: `input`, `output`, `internal input`, `internal output`; `unknown` of what is still being written.
        key: The name of the input or the output; empty where the store does not say.
        index: Its place among several of one name.
    """

    artifact: int
    execution: int
    kind: str
    key: str = ""
    index: int = 0


@dataclass(frozen=True)
class Context:
    """What groups executions and artifacts: a pipeline, a run, a node.

    Args:
        id: Its number in the store.
        type: `pipeline`, `pipeline_run`, `node`, `execution_cache`, or whatever else a project writes.
        name: Its name; that of a node is `PIPELINE.NODE`.
        created: Seconds since 1970.
    """

    id: int
    type: str
    name: str
    created: float


@dataclass(frozen=True)
class Pipeline:
    """A pipeline, which stands for all of its runs.

    Args:
        name: Its name, which is the task's.
        runs: How many runs it has had.
        latest: When the latest one started, in seconds since 1970; None where there was none.
    """

    name: str
    runs: int
    latest: float | None


def event_kind(number: int) -> str:
    """Returns what the number of an event's type stands for."""
    return _EVENT_TYPES.get(number, "unknown")


def value_of(whole: int | None, real: float | None, text: str | None, proto: bytes | None, truth: Any) -> Any:
    """Returns the value of a property, of whose columns one is filled; of a message of protobuf, its bytes in hex."""
    if text is not None:
        return _structure(text.removeprefix(_STRUCT)) if text.startswith(_STRUCT) else text
    if proto is not None:
        return bytes(proto).hex()
    if truth is not None:
        return bool(truth)
    return real if whole is None else int(whole)


def _structure(text: str) -> Any:
    # Slow to import, and few properties need it.
    from google.protobuf import json_format, struct_pb2

    struct = struct_pb2.Struct.FromString(base64.b64decode(text))
    values = json_format.MessageToDict(struct)
    # TFX wraps what it writes as JSON.
    return values.get(_WRAPPED, values)
