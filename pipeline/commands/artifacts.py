"""slipway artifacts: what the metadata store knows of."""

import click

from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import date_text, print_records

_COLUMNS = {
    "Id": lambda artifact: str(artifact.id),
    "Type": lambda artifact: artifact.type,
    "State": lambda artifact: artifact.state,
    "Created": lambda artifact: date_text(artifact.created),
    "Place": lambda artifact: str(artifact.properties.get("pushed_destination") or artifact.uri),
}


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
    print_records(found, _COLUMNS, ["Id"], "No artifacts yet.", as_json)
