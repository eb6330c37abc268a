"""What a model, or whatever else a pipeline makes, was made of: data, schema, code, configuration, versions."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.evaluator.verdict import FORCED_PROPERTY
from pipeline.lineage.graph import Graph
from pipeline.lineage.records import Execution

_FUNCTIONS = ("preprocessing_fn", "run_fn", "tuner_fn", "module_file")
_SHOWN = 12

LACKS = {
    "data": "the folder and the fingerprint of the data",
    "schema": "the schema's file",
    "code": "a digest of the code: TFX itself notes the names of functions",
    "configuration": "the configuration and the seed of the training",
    "versions": "the versions of the libraries",
}


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
    version. The rest is there where this project ran the pipeline.

    Args:
        graph: The graph around the artifact.
        artifact: Its id.
    """
    found = [source for execution in graph.ancestors(artifact) for source in _of(execution)]
    return [*found, *_versions(graph, artifact)]


def lacks(found: list[Source]) -> list[str]:
    """Returns in words what a store does not say of an artifact, of all that would be needed to make it again.

    Args:
        found: The artifact's sources.
    """
    told = {source.kind for source in found if source.kind != "code" or source.digest}
    return [words for kind, words in LACKS.items() if kind not in told]


def forced(graph: Graph, artifact: int) -> str | None:
    """Returns why a model, pushed or not, was blessed although it misses its thresholds; None where nobody did so."""
    maker = graph.maker(artifact) if graph.artifacts[artifact].type == "PushedModel" else None
    models = {artifact, *(use.artifact for use in (graph.inputs(maker.id) if maker else ()))}
    told = [one.properties for one in graph.artifacts.values() if one.properties.get(FORCED_PROPERTY)]
    return next((str(one[FORCED_PROPERTY]) for one in told if one.get("current_model_id") in models), None)


def training(graph: Graph, artifact: int) -> dict[str, Any]:
    """Returns the configuration of the training that an artifact comes from; empty where the store does not say."""
    configs = (_json(execution, "custom_config").get("training") for execution in graph.ancestors(artifact))
    return next((config for config in configs if config), {})


def _of(execution: Execution) -> Iterator[Source]:
    properties, name = execution.properties, execution.name
    if place := properties.get("input_base"):
        span = properties.get("span")
        told = "" if span is None else f", span {span}"
        yield Source("data", name, f"{place}{told}", digest(properties.get("input_fingerprint")), execution.id)
    if file := properties.get("schema_file"):
        yield Source("schema", name, str(file), str(properties.get("digest", ""))[:_SHOWN], execution.id)
    custom = _json(execution, "custom_config")
    functions = ", ".join(str(properties[key]) for key in _FUNCTIONS if properties.get(key))
    modules = _json(execution, "code").get("modules")
    if functions or modules:
        code = digest(modules) or str(custom.get("code", ""))[:_SHOWN]
        yield Source("code", name, functions or execution.component, code, execution.id)
    if config := custom.get("training"):
        seed = f", seed {config['seed']}" if "seed" in config else ""
        yield Source("configuration", name, f"training{seed}", digest(config), execution.id)


def _versions(graph: Graph, artifact: int) -> Iterator[Source]:
    """Yields the versions of the last execution that tells any: those before it may be of an earlier environment."""
    executions = graph.ancestors(artifact)
    told = [(execution, _json(execution, "code").get("versions")) for execution in executions]
    for execution, versions in [(execution, versions) for execution, versions in told if versions][-1:]:
        words = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
        yield Source("versions", execution.name, words, "", execution.id)
        return
    for execution in executions[-1:]:
        if version := graph.artifacts[artifact].properties.get("tfx_version"):
            yield Source("versions", execution.name, f"TFX {version}", "", execution.id)


def _json(execution: Execution, name: str) -> Mapping[str, Any]:
    try:
        found = json.loads(execution.properties.get(name) or "{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def digest(value: Any) -> str:
    """Returns the first digits of a digest of a value; nothing for nothing."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_SHOWN] if value else ""
