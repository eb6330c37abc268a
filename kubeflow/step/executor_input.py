"""KFP's ExecutorInput made into what TFX reads; pure functions over its JSON.

Seen from KFP 2.5 to 2.17: input artifacts without a type, lists and dictionaries in their metadata wrapped
(KFP/v2/metadata/converter.go:138), URIs of a store whose files lie in a local folder (KFP/v2/component/
launcher_v2.go:1239).
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]

ABSENT = "slipway_absent"
"""Metadata of an artifact that stands for none: KFP hands on exactly one."""

ROOT_VARIABLE = "SLIPWAY_LAUNCHER_ROOT"
"""Names the folder in which the launcher's `/gcs`, `/s3` and `/minio` are; set by the harness only."""

_FOLDERS = {"gs://": "/gcs/", "s3://": "/s3/", "minio://": "/minio/"}
_OF_KFP = frozenset({"display_name", "store_session_info"})
_PLACEHOLDER = re.compile(r"\{\{\$\.inputs\.parameters\['([^']+)'\]\}\}")


def adapted(executor_input: Json, inputs_spec: Json, classes: Mapping[str, str], local: bool = True) -> Json:
    """Returns an ExecutorInput that TFX's functions can read.

    Args:
        executor_input: As KFP or Vertex gives it.
        inputs_spec: The component's inputs, which know the types.
        classes: Title of a custom artifact type to the import path of its class.
        local: Whether artifacts are opened at the local path of their URI.
    """
    inputs, outputs = executor_input.get("inputs", {}), executor_input.get("outputs", {})
    types = inputs_spec.get("artifacts", {})

    def input_artifact(key: str, artifact: Json) -> Json:
        kind = artifact.get("type", {})
        known = (
            kind if kind.get("schemaTitle") or kind.get("instanceSchema") else types.get(key, {}).get("artifactType")
        )
        return _artifact(key, {**artifact, "type": known or kind}, classes, local)

    def output_artifact(key: str, artifact: Json) -> Json:
        return _artifact(key, artifact, classes, local)

    values = inputs.get("parameterValues", {})
    return {
        **executor_input,
        "inputs": {
            **inputs,
            "artifacts": _present(_each(inputs.get("artifacts", {}), input_artifact)),
            "parameterValues": {key: filled(value, values) for key, value in values.items()},
        },
        "outputs": {**outputs, "artifacts": _each(outputs.get("artifacts", {}), output_artifact)},
    }


def _each(artifacts: Json, change: Callable[[str, Json], Json]) -> Json:
    return {
        key: {**value, "artifacts": [change(key, artifact) for artifact in value.get("artifacts", ())]}
        for key, value in artifacts.items()
    }


def _present(artifacts: Json) -> Json:
    """Leaves out the inputs whose artifact stands for none."""
    return {
        key: value
        for key, value in artifacts.items()
        if value["artifacts"] and not any(artifact["metadata"].get(ABSENT) for artifact in value["artifacts"])
    }


def _artifact(key: str, artifact: Json, classes: Mapping[str, str], local: bool) -> Json:
    kind = artifact.get("type", {})
    title = kind.get("schemaTitle")
    metadata = {
        name: unwrapped(value)
        for name, value in artifact.get("metadata", {}).items()
        if value is not None and name not in _OF_KFP
    }
    uri = artifact.get("uri", "")
    return {
        **artifact,
        # The Evaluator's blessing names the model, by a number that TFX makes of this.
        "name": artifact.get("name") or key,
        "uri": local_path(uri) if local else uri,
        "type": {**kind, "schemaTitle": classes[title]} if title in classes else kind,
        "metadata": metadata,
    }


def unwrapped(value: Any) -> Any:
    """Returns a value of an artifact's metadata without KFP's wrappings.

    Example:
        >>> unwrapped({"struct": {"splits": {"list": ["train", "eval"]}}})
        {'splits': ['train', 'eval']}
    """
    if isinstance(value, dict):
        if set(value) == {"list"} and isinstance(value["list"], list):
            return [unwrapped(item) for item in value["list"]]
        inner = value["struct"] if set(value) == {"struct"} and isinstance(value["struct"], dict) else value
        return {key: unwrapped(item) for key, item in inner.items()}
    return [unwrapped(item) for item in value] if isinstance(value, list) else value


def local_path(uri: str) -> str:
    """Returns where KFP's launcher keeps the files of a URI.

    Example:
        >>> local_path("s3://bucket/run/model"), local_path("/data/model")
        ('/s3/bucket/run/model', '/data/model')
    """
    for scheme, folder in _FOLDERS.items():
        if uri.startswith(scheme):
            return os.environ.get(ROOT_VARIABLE, "") + folder + uri.removeprefix(scheme)
    return uri


def filled(value: Any, parameters: Mapping[str, Any]) -> Any:
    """Returns a parameter with the values of others where their placeholders stand inside a JSON text.

    Example:
        >>> filled("a {{$.inputs.parameters['rate']}}", {"rate": 0.1})
        'a 0.1'
    """
    if not isinstance(value, str):
        return value
    return _PLACEHOLDER.sub(lambda match: _text(parameters[match[1]]) if match[1] in parameters else match[0], value)


def _text(value: Any) -> str:
    """Returns a value as it stands in JSON: a text without its quotes, a whole number without `.0`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = json.dumps(value)
    return text[1:-1] if isinstance(value, str) else text
