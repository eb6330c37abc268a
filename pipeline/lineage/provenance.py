"""What a model, or whatever else a pipeline makes, was made of: data, schema, code, configuration, versions."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.lineage.graph import Graph
from pipeline.lineage.records import Execution

_FUNCTIONS = ("preprocessing_fn", "run_fn", "tuner_fn", "module_file")


@dataclass(frozen=True)
class Source:
    """One thing that an artifact was made of.

    Args:
        kind: `data`, `schema`, `code`, `configuration` or `versions`.
        of: The component that it went into.
        what: What it is, in words: a folder, a file, a function.
        digest: What tells it from another of the same name; empty where the store does not say.
        execution: The execution that it went into.
    """

    kind: str
    of: str
    what: str
    digest: str
    execution: int


def sources(graph: Graph, artifact: int) -> list[Source]:
    """Returns what an artifact was made of, as far as the store tells.

    TFX itself notes the folder and a fingerprint of the data, the schema's file, the names of functions, and its own
    version. The digest of the code and the configuration of the training are there where this project ran the pipeline.

    Args:
        graph: The graph around the artifact.
        artifact: Its id.
    """
    found = [source for execution in graph.ancestors(artifact) for source in _of(execution)]
    return [*found, *_versions(graph, artifact)]


def training(graph: Graph, artifact: int) -> dict[str, Any]:
    """Returns the configuration of the training that an artifact comes from; empty where the store does not say."""
    configs = (_custom_config(execution).get("training") for execution in graph.ancestors(artifact))
    return next((config for config in configs if config), {})


def _of(execution: Execution) -> Iterator[Source]:
    properties, name = execution.properties, execution.name
    if place := properties.get("input_base"):
        span = f", span {properties['span']}" if properties.get("span") else ""
        yield Source("data", name, f"{place}{span}", _digest(properties.get("input_fingerprint")), execution.id)
    if file := properties.get("schema_file"):
        yield Source("schema", name, str(file), "", execution.id)
    custom = _custom_config(execution)
    if functions := [str(properties[key]) for key in _FUNCTIONS if properties.get(key)]:
        yield Source("code", name, ", ".join(functions), str(custom.get("code", ""))[:12], execution.id)
    if config := custom.get("training"):
        seed = f", seed {config['seed']}" if "seed" in config else ""
        yield Source("configuration", name, f"training{seed}", _digest(config), execution.id)


def _versions(graph: Graph, artifact: int) -> Iterator[Source]:
    for execution in graph.ancestors(artifact)[-1:]:
        if version := graph.artifacts[artifact].properties.get("tfx_version"):
            yield Source("versions", execution.name, f"TFX {version}", "", execution.id)


def _custom_config(execution: Execution) -> Mapping[str, Any]:
    try:
        found = json.loads(execution.properties.get("custom_config") or "{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12] if value else ""
