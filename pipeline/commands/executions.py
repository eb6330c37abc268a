"""slipway executions: each time that a node was run."""

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import date_text, print_records

_COLUMNS = {
    "Id": lambda execution: str(execution.id),
    "Task": lambda execution: execution.pipeline,
    "Node": lambda execution: execution.node,
    "State": lambda execution: execution.state,
    "Started": lambda execution: date_text(execution.started),
    "Seconds": lambda execution: f"{execution.seconds:.1f}",
    "Run": lambda execution: execution.run,
}


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
    print_records(found, _COLUMNS, ["Id", "Seconds"], "No executions yet.", as_json)
