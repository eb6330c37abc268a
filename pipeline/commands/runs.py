"""slipway runs: what has been run."""

import dataclasses
import json
from collections.abc import Mapping, Sequence

import click

from pipeline.commands import options
from pipeline.commands.stores import open_store, told
from pipeline.commands.table import print_table
from pipeline.home import Home
from pipeline.lineage.quality import quality
from pipeline.lineage.runs import Run
from pipeline.runner.display import number_text

_SHOWN = 2
_NARROWEST = 100

Metrics = Mapping[str, float]


@click.command("runs")
@click.argument("task", required=False)
@options.limit
@click.option("--before", metavar="RUN", help="Only runs that started before this one: the next page.")
@options.home
@options.store
@options.as_json
@options.debug
def command(
    task: str | None, limit: int, before: str | None, home: str | None, store: str | None, as_json: bool
) -> None:
    """List the runs that the metadata store knows, the latest first.

    TASK lists only the runs of that task (or, in a store that another project wrote, of that pipeline). Metrics are
    those of the home's own runs: ML Metadata does not have them.
    """
    runs = _runs(task, limit + 1, before, home, store)
    shown = runs[:limit]
    metrics = [quality(told(home, run.id).evaluation) for run in shown]
    if as_json:
        rows = ({**dataclasses.asdict(run), "cached": run.cached} for run in shown)
        click.echo(json.dumps([{**row, "metrics": found} for row, found in zip(rows, metrics, strict=True)], indent=2))
    elif runs:
        _print(shown, metrics)
    else:
        click.echo("No runs yet.")
    if len(runs) > limit and not as_json:
        click.echo(f"There are more than {limit}: --limit or --before {shown[-1].id} shows them.")


def _runs(task: str | None, count: int, before: str | None, home: str | None, store: str | None) -> list[Run]:
    # A home whose first run has not come to its first node.
    if store is None and not Home.existing(home).metadata_db.exists():
        return []
    with open_store(home, store) as opened:
        return opened.runs(task, limit=count, before=before)


def _print(runs: list[Run], metrics: Sequence[Metrics]) -> None:
    print_table(
        {
            "Run": [run.id for run in runs],
            "Task": [run.pipeline for run in runs],
            "State": [run.state for run in runs],
            "Cached": [f"{run.cached}/{len(run.nodes)}" for run in runs],
            "Seconds": [f"{run.seconds:.1f}" for run in runs],
            "Metrics": [_text(found) for found in metrics],
            "Pushed": [_pushed(run) for run in runs],
        },
        right=["Cached", "Seconds"],
        folded=["Metrics"],
        narrowest=_NARROWEST,
    )


def _text(metrics: Metrics) -> str:
    return ", ".join(f"{name} {number_text(value)}" for name, value in list(metrics.items())[:_SHOWN]) or "-"


def _pushed(run: Run) -> str:
    if run.version is None:
        return "not blessed" if run.blessed is False else "-"
    return f"{run.version}, forced" if run.forced else run.version
