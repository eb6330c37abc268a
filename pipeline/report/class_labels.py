"""What a run says of its labels: which one each output is held against, and how the classes are called."""

import json
from collections.abc import Mapping
from typing import Any

from components.model_description import FILE
from pipeline.lineage.compare import originals
from pipeline.report.material import Material
from pipeline.report.payloads import payload_of

_CUSTOM = "custom_config"
_MODEL = "Format-Serving"


def classes_of(material: Material) -> tuple[str, ...]:
    """Returns the names of the classes in the order of their ids; empty where nobody has named them."""
    names = _told(material).get("classes") or _described(material).get("classes")
    return tuple(map(str, names)) if isinstance(names, list) else ()


def labels_of(material: Material) -> dict[str, str]:
    """Returns the raw feature that each output of the model is held against; the only output has no name here."""
    training = _mapping(_told(material).get("training"))
    outputs = _mapping(training.get("outputs"))
    found = {name: _mapping(output).get("label") for name, output in outputs.items()} or {"": training.get("label")}
    return {name: label for name, label in found.items() if isinstance(label, str) and label}


def _told(material: Material) -> Mapping[str, Any]:
    """Returns what the Trainer was told; a cached one may know it only from the execution whose model it has taken."""
    models = {artifact.id for artifact in material.made("Model")}
    trainers = {event.execution for event in material.events if event.kind == "output" and event.artifact in models}
    known = originals(material.store, list(trainers))
    executions = material.store.executions_of({*trainers, *known.values()})
    return next((told for one in executions if (told := _json(one.properties.get(_CUSTOM)))), {})


def _described(material: Material) -> Mapping[str, Any]:
    folder = payload_of(material, "model", "Model")
    try:
        return _json((folder / _MODEL / FILE).read_text()) if folder else {}
    except (OSError, UnicodeDecodeError):
        return {}


def _json(text: Any) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(text) if isinstance(text, str) else text)
    except ValueError:
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
