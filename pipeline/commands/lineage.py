"""slipway lineage: what an artifact was made of, and what was made of it."""

import dataclasses
import json
from typing import Any

import click
from rich.tree import Tree

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import WIDE, print_table
from pipeline.lineage import provenance
from pipeline.lineage.graph import Graph
from pipeline.lineage.locate import locate
from pipeline.lineage.records import Artifact, Execution
from pipeline.lineage.spans import MODELS, Seen, models_of_span
from pipeline.terminal import console


@click.command("lineage")
@click.argument("artifact", required=False)
@click.option(
    "--span", type=click.IntRange(min=0), metavar="N", help="Instead of ARTIFACT: which models saw this span?"
)
@click.option("--task", metavar="TASK", help="With --span: only spans of this task's data.")
@options.home
@options.store
@options.as_json
@options.debug
def command(
    artifact: str | None, span: int | None, task: str | None, home: str | None, store: str | None, as_json: bool
) -> None:
    """Show what an ARTIFACT was made of, and what was made of it.

    ARTIFACT is an id, a path inside an artifact, the folder of a pushed version, or the folder with all versions of a
    model, which stands for the newest.

    \b
    Examples:
      slipway lineage .slipway/serving/taxi            which data and which code made what is served?
      slipway lineage 1 --json                         which models saw these examples?
      slipway lineage --span 3                         which models saw this span?
    """  # noqa: D301 (click wants the character)
    if (artifact is None) == (span is None):
        raise UsageError("The lineage is that of an artifact or that of a span.", fix="Give ARTIFACT or --span N.")
    with open_store(home, store) as opened:
        if span is not None:
            _show_models(models_of_span(opened, span, task), as_json)
            return
        found = locate(opened, artifact or "")
        graph = opened.graph(found.id)
    if as_json:
        click.echo(json.dumps(_values(graph, found), indent=2))
    else:
        _print(graph, found)


def _show_models(found: list[Seen], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(seen) for seen in found], indent=2))
    elif found:
        print_table(
            {
                "Id": [str(seen.model.id) for seen in found],
                "Type": [seen.model.type for seen in found],
                "Task": [seen.pipeline or "-" for seen in found],
                "Run": [seen.run or "-" for seen in found],
                "Pushed": [seen.version or "-" for seen in found],
                "Place": [str(seen.model.properties.get("pushed_destination") or seen.model.uri) for seen in found],
            },
            right=["Id"],
        )
    else:
        click.echo("No model saw it.")


def _values(graph: Graph, artifact: Artifact) -> dict[str, Any]:
    found = provenance.sources(graph, artifact.id)
    return {
        "artifact": dataclasses.asdict(artifact),
        "sources": [dataclasses.asdict(source) for source in found],
        "lacks": provenance.lacks(found),
        "training": provenance.training(graph, artifact.id),
        "forced": provenance.forced(graph, artifact.id),
        "ancestors": [_execution(graph, execution) for execution in graph.ancestors(artifact.id)],
        "descendants": [dataclasses.asdict(made) for made in graph.descendants(artifact.id)],
    }


def _execution(graph: Graph, execution: Execution) -> dict[str, Any]:
    uses = {"inputs": graph.inputs(execution.id), "outputs": graph.outputs(execution.id)}
    told = {name: [{"key": use.key, "artifact": use.artifact} for use in found] for name, found in uses.items()}
    return {**dataclasses.asdict(execution), **told}


def _print(graph: Graph, artifact: Artifact) -> None:
    found = provenance.sources(graph, artifact.id)
    _say(_title(artifact))
    if reason := provenance.forced(graph, artifact.id):
        _say(f"Blessed by force although it misses its thresholds: {reason}", "bold yellow")
    if found:
        _say("\nMade of", "bold")
        columns = {"Kind": "kind", "In": "of", "What": "what", "Digest": "digest"}
        print_table({title: [getattr(source, name) or "-" for source in found] for title, name in columns.items()})
    if missing := provenance.lacks(found):
        _say(f"\nThe store does not say: {'; '.join(missing)}.")
    _say("\nMade by", "bold")
    _say(_upwards(graph, artifact))
    if made := graph.descendants(artifact.id):
        _say("\nMade of it", "bold")
        _say(_downwards(graph, artifact))
        models = [one for one in made if one.type in MODELS]
        _say(f"{len(made)} artifacts, {len(models)} of them models")


def _say(what: str | Tree, style: str | None = None) -> None:
    console(width=WIDE).print(what, style=style)


def _title(artifact: Artifact) -> str:
    state = "" if artifact.state == "live" else f", {artifact.state}"
    return f"{artifact.type} {artifact.id}: {artifact.properties.get('pushed_destination') or artifact.uri}{state}"


def _upwards(graph: Graph, artifact: Artifact) -> Tree:
    """Draws the executions that an artifact comes from; what has been drawn is only named the next time."""
    drawn: set[int] = set()

    def grow(tree: Tree, number: int) -> None:
        maker = graph.maker(number)
        if maker is None:
            tree.add("given from outside")
        elif maker.id in drawn:
            tree.add(f"{_run(maker)}, as above")
        else:
            drawn.add(maker.id)
            branch = tree.add(_run(maker))
            for use in graph.inputs(maker.id):
                source = graph.artifacts[use.artifact]
                grow(branch.add(f"{use.key}: {source.type} {source.id}"), source.id)

    tree = Tree(f"{artifact.type} {artifact.id}")
    grow(tree, artifact.id)
    return tree


def _downwards(graph: Graph, artifact: Artifact) -> Tree:
    drawn: set[int] = set()

    def grow(tree: Tree, number: int) -> None:
        for user in graph.users(number):
            outputs = graph.outputs(user.id)
            if user.id in drawn or not outputs:
                continue
            drawn.add(user.id)
            branch = tree.add(_run(user))
            for use in outputs:
                grow(branch.add(_title(graph.artifacts[use.artifact])), use.artifact)

    tree = Tree(f"{artifact.type} {artifact.id}")
    grow(tree, artifact.id)
    return tree


def _run(execution: Execution) -> str:
    return f"{execution.name}, execution {execution.id}, {execution.state} in {execution.seconds:.1f} s"
