"""slipway backup: a copy of the metadata store."""

import json
from pathlib import Path

import click

from pipeline.commands import options
from pipeline.commands.table import bytes_text
from pipeline.home import Home
from pipeline.lineage.backup import backup
from pipeline.lineage.connection import Location


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@options.home
@options.store
@options.as_json
@options.debug
def command(file: Path, home: str | None, store: str | None, as_json: bool) -> None:
    """Copy the metadata store to FILE, also while a run writes to it. A FILE that is there is replaced.

    The payloads are not copied: the store says where they lie.
    """
    location = Location.of(store or Home.existing(home).metadata_db)
    size = backup(location, file)
    if as_json:
        click.echo(json.dumps({"file": str(file), "bytes": size}))
    else:
        click.echo(f"Copied {location} to {file}, {bytes_text(size)}.")
