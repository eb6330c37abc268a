"""The nodes of a run: drawn, and each with its parameters, inputs, outputs and log."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.lineage.compare import originals
from pipeline.lineage.records import Artifact
from pipeline.lineage.runs import NodeRun
from pipeline.lineage.why import part, parts
from pipeline.report.layered import Drawing, layered
from pipeline.report.material import Material, Uses
from pipeline.report.section import Section
from pipeline.runner.state import Node

WIDTH, HEIGHT = 178.0, 48.0

_LOG_BYTES = 12_000
_LONGEST_VALUE = 4_000
_UNSETTLED = ("running", "waiting", "unknown")


@dataclass(frozen=True)
class Card:
    """A node in full.

    Args:
        anchor: Its place in the page.
        node: The node's id.
        component: Import path of the component class; empty of one that has not started.
        state: `complete`, `cached`, `failed`, `running`, `waiting`, ...
        seconds: How long it took; None before its end.
        started: Seconds since 1970; None before.
        execution: Its execution in ML Metadata; None before it started.
        taken_from: The execution whose outputs it took from the cache; None of one that ran.
        message: Why it failed.
        reasons: Why it ran, or did not, where somebody has asked.
        parameters: Name and value.
        code: Module, or library, and its digest or version.
        inputs: What it has read: the name, and the artifact.
        outputs: What it has put out.
        log: The end of its log; empty where there is none.
        log_file: Where the whole of it is.
    """

    anchor: str
    node: str
    component: str
    state: str
    seconds: float | None
    started: float | None
    execution: int | None
    taken_from: int | None
    message: str | None
    reasons: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    code: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, Artifact], ...]
    outputs: tuple[tuple[str, Artifact], ...]
    log: str
    log_file: str | None


@dataclass(frozen=True)
class Dag:
    """The nodes, and where they are drawn."""

    cards: tuple[Card, ...]
    drawing: Drawing


def section(material: Material) -> Section | None:
    """Returns the DAG of a run; None for a run without a node."""
    names = list(dict.fromkeys([*material.told.nodes, *(node.node for node in material.run.nodes)]))
    if not names:
        return None
    cached = [node.execution for node in material.run.nodes if node.state == "cached"]
    taken = originals(material.store, cached)
    cards = tuple(_card(material, number, name, taken) for number, name in enumerate(names))
    drawing = layered(names, edges(material), WIDTH, HEIGHT, implied=False)
    return Section("dag", "Nodes", "sections/dag.html", Dag(cards, drawing))


def edges(material: Material) -> list[tuple[str, str]]:
    """Returns which node of a run each one follows: as it has told, and as artifacts went from one to the other."""
    started = next((event for event in material.told_events if event["event"] == "run_started"), {})
    told = [(before, node) for node, befores in started.get("upstream", {}).items() for before in befores]
    nodes = {node.execution: node.node for node in material.run.nodes}
    makers = {event.artifact: nodes[event.execution] for event in material.events if event.kind == "output"}
    read = [event for event in material.events if event.kind == "input" and event.artifact in makers]
    return list(dict.fromkeys([*told, *((makers[event.artifact], nodes[event.execution]) for event in read)]))


def _card(material: Material, number: int, name: str, taken: Mapping[int, int]) -> Card:
    told = material.told.nodes.get(name, Node(name))
    noted = next((node for node in material.run.nodes if node.node == name), None)
    properties = material.executions[name].properties if name in material.executions else {}
    told_parts = [(part(key), _text(value)) for key, value in parts(properties)]
    state, log = _state(told, noted), material.log_of(name)
    return Card(
        anchor=f"node-{number}",
        node=name,
        component=noted.component if noted else "",
        state=state,
        seconds=_seconds(state, told, noted),
        started=noted.started if noted else told.started,
        execution=noted.execution if noted else None,
        taken_from=taken.get(noted.execution) if noted else None,
        message=material.message_of(name) if state == "failed" else None,
        reasons=told.reasons,
        parameters=tuple((key, value) for (kind, key), value in told_parts if kind == "parameter"),
        code=tuple((key, value) for (kind, key), value in told_parts if kind != "parameter"),
        inputs=tuple(_pairs(material.inputs(name))),
        outputs=tuple(_pairs(material.outputs(name))),
        log=_end_of(log),
        log_file=str(log) if log else None,
    )


def _state(told: Node, noted: NodeRun | None) -> str:
    # ML Metadata goes on saying that a node runs which was stopped.
    return told.state if noted is None or (noted.state in _UNSETTLED and told.started) else noted.state


def _seconds(state: str, told: Node, noted: NodeRun | None) -> float | None:
    if state == "running":
        return told.elapsed(time.time())
    return noted.seconds if noted else told.seconds


def _pairs(uses: Uses) -> Iterator[tuple[str, Artifact]]:
    for key, artifacts in uses.items():
        for artifact in artifacts:
            yield key, artifact


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    more = len(text) - _LONGEST_VALUE
    return text if more <= 0 else f"{text[:_LONGEST_VALUE]} … and {more} more characters"


def _end_of(log: Path | None) -> str:
    if log is None:
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_BYTES))
        return file.read(_LOG_BYTES).decode(errors="replace").strip()
