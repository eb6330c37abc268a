"""What steps have left for the sink, read: `kubeflow/step/record.py`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from components.errors import ComponentFailed
from kubeflow.step.record import FAILED, FORMAT, RUNNING

Artifacts = Mapping[str, list[dict[str, Any]]]
"""Name of an input or an output to artifacts as TFX writes them in JSON."""


@dataclass(frozen=True)
class Record:
    """What a step did.

    Args:
        node: The node's id.
        component: The name of its type.
        state: `complete` or `failed`.
        started: Seconds since 1970.
        ended: Likewise; of a step that was killed, when it began.
        properties: The execution's properties.
        inputs: What it read.
        outputs: What it made.
        origins: Of a resolver: the URI of each copy to that of the artifact.
        message: Why it failed.
    """

    node: str
    component: str
    state: str
    started: float
    ended: float
    properties: Mapping[str, Any] = field(default_factory=dict)
    inputs: Artifacts = field(default_factory=dict)
    outputs: Artifacts = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    message: str | None = None


def read(folder: Path) -> list[Record]:
    """Returns the records of a run, those first that began first; none where there is no folder.

    Raises:
        ComponentFailed: One of them is broken, or written by a newer Slipway.
    """
    return sorted((_read(file) for file in folder.glob("*.json")), key=lambda record: (record.started, record.node))


def _read(file: Path) -> Record:
    try:
        values = json.loads(file.read_text())
        if values.pop("format") != FORMAT:
            raise ValueError("another format")
        record = Record(**values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ComponentFailed("The record of a step must be whole.", received=f"{file} ({error})") from None
    if record.state != RUNNING:
        return record
    # Nothing runs any more when the last step does.
    return replace(record, state=FAILED, message="The step was killed before it could say why.")
