"""slipway artifacts: what the metadata store knows of."""

import dataclasses
import json
import time

import click
from ml_metadata.metadata_store import ListOptions, OrderByField

from components.errors import UsageError, did_you_mean
from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.home import Home
from pipeline.lineage.records import Artifact
from pipeline.lineage.store import open_store


@click.command("artifacts")
@click.option("--type", "kind", metavar="TYPE", help="Only those of one type, such as Model.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the newest first.")
@options.home
@options.store
@options.as_json
@options.debug
def command(kind: str | None, limit: int, home: str | None, store: str | None, as_json: bool) -> None:
    """List the artifacts of the metadata store, the newest first. `slipway lineage ID` shows what one was made of."""
    found = _artifacts(store or str(Home.existing(home).metadata_db), kind, limit)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(artifact) for artifact in found], indent=2))
    elif found:
        _print(found)
    else:
        click.echo("No artifacts yet.")


def _artifacts(location: str, kind: str | None, limit: int) -> list[Artifact]:
    opened = open_store(location)
    if kind is None:
        newest = ListOptions(limit=limit, order_by=OrderByField.ID, is_asc=False)
        return [Artifact.of(message) for message in opened.get_artifacts(newest)]
    known = [one.name for one in opened.get_artifact_types()]
    if kind not in known:
        raise UsageError(
            "A type of artifacts must be in the metadata store.", received=kind, fix=did_you_mean(kind, known)
        )
    of_type = sorted(opened.get_artifacts_by_type(kind), key=lambda message: message.id, reverse=True)
    return [Artifact.of(message) for message in of_type[:limit]]


def _print(found: list[Artifact]) -> None:
    print_table(
        {
            "Id": [str(artifact.id) for artifact in found],
            "Type": [artifact.type for artifact in found],
            "State": [artifact.state for artifact in found],
            "Created": [time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(artifact.created)) for artifact in found],
            "Place": [str(artifact.properties.get("pushed_destination") or artifact.uri) for artifact in found],
        },
        right=["Id"],
    )
