"""slipway why: why the cache answered a node, or did not."""

import dataclasses
import json

import click
from rich.tree import Tree

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import WIDE, brief_text
from pipeline.lineage import Store
from pipeline.lineage.explain import Explanation, explain
from pipeline.lineage.runs import Run
from pipeline.lineage.why import Change
from pipeline.terminal import console

_LOOKED_AT = 50


@click.command("why")
@click.argument("node")
@click.argument("run", required=False)
@click.option("--task", metavar="TASK", help="Without RUN: the latest run of this task.")
@options.home
@options.store
@options.as_json
@options.debug
def command(node: str, run: str | None, task: str | None, home: str | None, store: str | None, as_json: bool) -> None:
    """Say why NODE ran in a RUN, or took what an earlier run had made.

    RUN is a name that `slipway runs` lists; without it, the latest one that came to the node. The node is compared with
    the last time that it came to its end. Where an input is new, the node that made it is explained too.

    \b
    Examples:
      slipway why Trainer
      slipway why Evaluator 20261122T085616-433256-6a2c-taxi --json
    """  # noqa: D301 (click wants the character)
    with open_store(home, store) as opened:
        found = explain(opened, opened.run(run) if run else _latest(opened, task, node), node)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), indent=2))
    else:
        console(width=WIDE).print(_tree(found))


def _latest(store: Store, task: str | None, node: str) -> Run:
    """Returns the latest run that came to the node, or the latest one where none of late did."""
    found = store.runs(task, limit=_LOOKED_AT)
    if not found:
        raise UsageError("There must be a run to look at.", received=f"task={task}" if task else "no runs")
    return next((run for run in found if node in {one.node for one in run.nodes}), found[0])


def _tree(found: Explanation, tree: Tree | None = None) -> Tree:
    title = f"{found.node}, execution {found.execution} of {found.run}: {'cache hit' if found.hit else 'ran'}"
    branch = Tree(title) if tree is None else tree.add(title)
    earlier = f" (execution {found.earlier} of {found.earlier_run or 'an unknown run'})" if found.earlier else ""
    branch.add(f"{found.reason.rstrip('.')}{earlier}")
    for change in found.changes:
        branch.add(_line(change))
    for cause in found.causes:
        _tree(cause, branch)
    return branch


def _line(change: Change) -> str:
    before, after = (brief_text(value) for value in (change.before, change.after))
    return f"{change.kind} {change.name}: {before} -> {after}"
