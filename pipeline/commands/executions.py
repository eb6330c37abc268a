"""slipway executions: each time that a node was run."""

import dataclasses
import json

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import date_text, print_table
from pipeline.lineage.records import Execution


@click.command("executions")
@click.argument("task", required=False)
@click.option("--node", metavar="NODE", help="Only those of one node of TASK.")
@click.option("--run", metavar="RUN", help="Only those of one run.")
@click.option("--state", metavar="STATE", help="Only those in one state, such as complete, cached or failed.")
@options.limit
@options.before_id
@options.home
@options.store
@options.as_json
@options.debug
def command(
    task: str | None,
    node: str | None,
    run: str | None,
    state: str | None,
    limit: int,
    before: int | None,
    home: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """List the executions of the metadata store, the newest first.

    TASK lists only those of that task (or, in a store that another project wrote, of that pipeline).
    """
    if node and not task:
        raise UsageError("A node belongs to a task.", received=f"--node {node}", fix="Name the task too.")
    with open_store(home, store) as opened:
        found = opened.executions(run=run, pipeline=task, node=node, state=state, limit=limit, before=before)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(execution) for execution in found], indent=2))
    elif found:
        _print(found)
    else:
        click.echo("No executions yet.")


def _print(found: list[Execution]) -> None:
    print_table(
        {
            "Id": [str(execution.id) for execution in found],
            "Task": [execution.pipeline for execution in found],
            "Node": [execution.node for execution in found],
            "State": [execution.state for execution in found],
            "Started": [date_text(execution.started) for execution in found],
            "Seconds": [f"{execution.seconds:.1f}" for execution in found],
            "Run": [execution.run for execution in found],
        },
        right=["Id", "Seconds"],
    )
