"""slipway tasks: what can be run."""

import json

import click

from pipeline import tasks
from pipeline.commands import options
from pipeline.commands.table import print_table


@click.command("tasks")
@options.as_json
@options.debug
def command(as_json: bool) -> None:
    """List the tasks."""
    rows = [{"name": name, "summary": tasks.load(name).summary} for name in tasks.names()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table({"Task": [row["name"] for row in rows], "Summary": [row["summary"] for row in rows]})
