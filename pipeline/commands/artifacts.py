"""slipway artifacts: what the metadata store knows of."""

import dataclasses
import json

import click

from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import date_text, print_table
from pipeline.lineage.records import Artifact


@click.command("artifacts")
@click.option("--type", "kind", metavar="TYPE", help="Only those of one type, such as Model.")
@click.option("--state", metavar="STATE", help="Only those in one state, such as live or deleted.")
@options.limit
@options.before_id
@options.home
@options.store
@options.as_json
@options.debug
def command(
    kind: str | None,
    state: str | None,
    limit: int,
    before: int | None,
    home: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """List the artifacts of the metadata store, the newest first. `slipway lineage ID` shows what one was made of."""
    with open_store(home, store) as opened:
        found = opened.artifacts(kind=kind, state=state, limit=limit, before=before)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(artifact) for artifact in found], indent=2))
    elif found:
        _print(found)
    else:
        click.echo("No artifacts yet.")


def _print(found: list[Artifact]) -> None:
    print_table(
        {
            "Id": [str(artifact.id) for artifact in found],
            "Type": [artifact.type for artifact in found],
            "State": [artifact.state for artifact in found],
            "Created": [date_text(artifact.created) for artifact in found],
            "Place": [str(artifact.properties.get("pushed_destination") or artifact.uri) for artifact in found],
        },
        right=["Id"],
    )
