"""What the model of a run was made of: drawn down to the data, the schema, the code, the versions and the seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.lineage import provenance
from pipeline.lineage.graph import Graph
from pipeline.lineage.provenance import Source
from pipeline.lineage.records import Artifact, Execution
from pipeline.report.layered import Drawing, layered
from pipeline.report.material import Material
from pipeline.report.section import Section

WIDTH, HEIGHT = 172.0, 40.0

_MOST_DRAWN = 120


@dataclass(frozen=True)
class Item:
    """A box of the drawing.

    Args:
        kind: `artifact`, `execution`, or `source` for what is not in ML Metadata itself.
        title: The first line.
        text: The second one.
        about: The whole, for who points at it.
    """

    kind: str
    title: str
    text: str
    about: str


@dataclass(frozen=True)
class Lineage:
    """What a model was made of.

    Args:
        of: The model.
        drawing: Where the boxes lie; None where there are too many to be drawn.
        items: Each box by its id.
        sources: The data, the schema, the code, the configuration and the versions.
        missing: What the store does not say, in words.
        made: What was made of the model.
        executions: Those that it comes from.
    """

    of: Artifact
    drawing: Drawing | None
    items: dict[str, Item]
    sources: tuple[Source, ...]
    missing: tuple[str, ...]
    made: tuple[Artifact, ...]
    executions: tuple[Execution, ...]


def section(material: Material) -> Section | None:
    """Returns the lineage of the model that came of a run; None for a run without one."""
    model, graph = material.model, material.graph
    if model is None or graph is None:
        return None
    found = provenance.sources(graph, model.id)
    items, edges = _drawn(graph, model, found)
    facts = Lineage(
        of=model,
        drawing=layered(list(items), edges, WIDTH, HEIGHT) if len(items) <= _MOST_DRAWN else None,
        items=items,
        sources=tuple(found),
        missing=tuple(provenance.lacks(found)),
        made=tuple(graph.descendants(model.id)),
        executions=tuple(graph.ancestors(model.id)),
    )
    return Section("lineage", "Lineage", "sections/lineage.html", facts)


def _drawn(graph: Graph, model: Artifact, sources: list[Source]) -> tuple[dict[str, Item], list[tuple[str, str]]]:
    items: dict[str, Item] = {}
    edges = []
    for number, source in enumerate(sources):
        items[f"source {number}"] = _source(source)
        edges.append((f"source {number}", f"execution {source.execution}"))
    for execution in graph.ancestors(model.id):
        items[f"execution {execution.id}"] = _execution(execution)
        for use in graph.inputs(execution.id):
            items[f"artifact {use.artifact}"] = _artifact(graph.artifacts[use.artifact])
            edges.append((f"artifact {use.artifact}", f"execution {execution.id}"))
    items[f"artifact {model.id}"] = _artifact(model)
    return items, [*edges, *_made(graph, items)]


def _made(graph: Graph, items: dict[str, Item]) -> Iterator[tuple[str, str]]:
    for name in items:
        kind, _, number = name.partition(" ")
        if kind == "artifact" and (maker := graph.maker(int(number))) is not None:
            yield f"execution {maker.id}", name


def _source(source: Source) -> Item:
    # Of a path the end tells more than its beginning.
    text = source.digest if source.kind == "code" and source.digest else Path(source.what).name
    return Item("source", source.kind, text, f"{source.kind}: {source.what} {source.digest}".strip())


def _execution(execution: Execution) -> Item:
    told = f"{execution.component}, execution {execution.id} of the run {execution.run or 'that nobody has named'}"
    return Item("execution", execution.node or execution.name, f"execution {execution.id}", told)


def _artifact(artifact: Artifact) -> Item:
    version = artifact.properties.get("pushed_version")
    text = f"version {version}" if version else f"artifact {artifact.id}"
    if artifact.state != "live":
        text += f", {artifact.state}"
    return Item("artifact", artifact.type, text, f"{artifact.type} {artifact.id}: {artifact.uri} ({artifact.state})")
