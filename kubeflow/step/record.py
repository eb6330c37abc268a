"""What a step leaves for the metadata sink: one small file, which says what it read, made and was told.

`<folder>/<run>/<node>.json`. It is written when the step begins, as `running`, and again when it ends: of a step that
is killed the first one stays. A step never fails because its record cannot be written.
"""

import contextlib
import json
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubeflow.pointer import replace_text
from kubeflow.step.executor_input import local_path
from pipeline.payload import BYTES_PROPERTY, DIGEST_PROPERTY, measure
from pipeline.runner.failure import as_error

if TYPE_CHECKING:
    from tfx.types import Artifact

Json = dict[str, Any]

FORMAT = 1
RUNNING, COMPLETE, FAILED = "running", "complete", "failed"
ORIGIN = "slipway_origin"
"""Metadata of a baseline: the URI of the artifact that it is a copy of."""

RESOLVER = "tfx.dsl.components.common.resolver.Resolver"

_log = logging.getLogger(__name__)


class StepRecord:
    """The record of a step while it runs.

    Args:
        folder: The folder of all records of the pipeline; None writes none.
        node: The node's id.
        component: The name of its type in ML Metadata: import path of the component class.
        executor_input: KFP's, which knows the URIs.
    """

    def __init__(self, folder: str | None, node: str, component: str, executor_input: Json) -> None:
        self.properties: Json = {}
        self._uris = {side: _uris(executor_input.get(side, {})) for side in ("inputs", "outputs")}
        run = run_of(executor_input)
        self._file = Path(folder) / run / f"{node}.json" if folder and run else None
        self._values: Json = {"format": FORMAT, "node": node, "component": component, "started": time.time()}

    @property
    def input_uris(self) -> Mapping[str, list[str]]:
        """The URIs of the inputs, by key."""
        return self._uris["inputs"]

    @contextlib.contextmanager
    def kept(self, inputs: "Mapping[str, list[Artifact]]", outputs: "Mapping[str, list[Artifact]]") -> Iterator[None]:
        """Writes the record before and after what is done inside, whether or not that succeeds."""
        self._values["inputs"] = self._artifacts("inputs", inputs)
        self._write(RUNNING)
        try:
            yield
        except Exception as error:
            self._write(FAILED, message=str(as_error(error, self._values["node"])))
            raise
        if self._file:
            self._write(COMPLETE, outputs=self._artifacts("outputs", outputs, measured=True))

    def resolved(self, origins: Mapping[str, str]) -> None:
        """Writes the record of a resolver: the URI of what stands for an artifact to that artifact's own."""
        self._write(COMPLETE, inputs={}, outputs={}, origins=dict(origins))

    def _write(self, state: str, **more: Any) -> None:
        if self._file is None:
            return
        told = {**self._values, **more, "properties": self.properties, "state": state, "ended": time.time()}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_text(self._file, json.dumps(told, default=str))
        except OSError as error:
            _log.warning("This step will be missing in the metadata store: %s", error)

    def _artifacts(self, side: str, found: "Mapping[str, list[Artifact]]", measured: bool = False) -> Json:
        if self._file is None:
            return {}
        pairs = {key: zip(artifacts, self._uris[side][key], strict=True) for key, artifacts in found.items()}
        return {key: [_told(artifact, uri, measured) for artifact, uri in pair] for key, pair in pairs.items()}


def run_of(executor_input: Json) -> str:
    """Returns the id of the run that a step belongs to; empty where nothing says so."""
    uris = [uri for found in _uris(executor_input.get("outputs", {})).values() for uri in found]
    # <root>/<pipeline>/<run>/<task>/<uuid>/<key>
    return "".join(uris[0].split("/")[-4:-3]) if uris else ""


def _uris(side: Json) -> dict[str, list[str]]:
    return {key: [one.get("uri", "") for one in value["artifacts"]] for key, value in side.get("artifacts", {}).items()}


def _told(artifact: "Artifact", uri: str, measured: bool) -> Json:
    values = artifact.to_json_dict()
    values["artifact"]["uri"] = uri
    # Which TFX makes of the artifact's name, for itself.
    values["artifact"].pop("id", None)
    payload = measure(Path(local_path(uri))) if measured else None
    if payload:
        properties = values["artifact"].setdefault("custom_properties", {})
        properties[BYTES_PROPERTY] = {"double_value": payload.bytes}
        properties[DIGEST_PROPERTY] = {"string_value": payload.digest}
    return dict(values)
