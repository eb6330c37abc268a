"""slipway runs: what has been run."""

import dataclasses
import json

import click

from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.home import Home
from pipeline.lineage.runs import Run, Runs
from pipeline.lineage.store import open_store


@click.command("runs")
@click.argument("task", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the latest first.")
@options.home
@options.store
@options.as_json
@options.debug
def command(task: str | None, limit: int, home: str | None, store: str | None, as_json: bool) -> None:
    """List the runs that the metadata store knows, the latest first.

    TASK lists only the runs of that task (or, in a store that another project wrote, of that pipeline).
    """
    runs = _runs(task, home, store, limit + 1)
    shown = runs[:limit]
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(run) for run in shown], indent=2))
    elif runs:
        _print(shown)
    else:
        click.echo("No runs yet.")
    if len(runs) > limit and not as_json:
        click.echo(f"There are more than {limit}: --limit shows them.")


def _runs(task: str | None, home: str | None, store: str | None, count: int) -> list[Run]:
    if store is None:
        database = Home.existing(home).metadata_db
        # A home whose first run has not come to its first node.
        if not database.exists():
            return []
        store = str(database)
    return Runs(open_store(store)).newest(count, task)


def _print(runs: list[Run]) -> None:
    print_table(
        {
            "Run": [run.id for run in runs],
            "Task": [run.pipeline for run in runs],
            "State": [run.state for run in runs],
            "Seconds": [f"{run.seconds:.1f}" for run in runs],
            "Pushed": [run.version or "-" for run in runs],
        },
        right=["Seconds"],
    )
