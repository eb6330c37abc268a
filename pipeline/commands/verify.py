"""slipway verify: whether the payloads are there and as they were written."""

import json
from pathlib import Path

import click

from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import print_table
from pipeline.home import Home
from pipeline.lineage.verify import Verification, verify


@click.command("verify")
@options.home
@options.store
@options.as_json
@options.debug
def command(home: str | None, store: str | None, as_json: bool) -> int:
    """Check that every live artifact's payload is there and matches its digest. The exit code is 1 where one does not.

    An artifact has a digest if Slipway ran its pipeline; of others only the existence is checked. What no artifact
    names is listed, and is no fault: a run that goes on has such folders too. With --store it is looked for only in a
    --home that is named as well.
    """
    root = Home.at(home).root / "pipelines" if store is None or home is not None else None
    with open_store(home, store) as opened:
        found = verify(opened.artifacts(), root)
    if as_json:
        click.echo(json.dumps(_values(found), indent=2))
    else:
        _print(found)
    return 1 if found.problems else 0


def _values(found: Verification) -> dict[str, object]:
    problems = [
        {
            "id": one.artifact.id,
            "type": one.artifact.type,
            "path": one.artifact.uri,
            "what": one.what,
            "detail": one.detail,
        }
        for one in found.problems
    ]
    counts = {"matched": found.matched, "unmeasured": found.unmeasured, "elsewhere": found.elsewhere}
    return {"problems": problems, **counts, "orphans": [str(path) for path in found.orphans]}


def _print(found: Verification) -> None:
    if found.problems:
        print_table(
            {
                "Id": [str(one.artifact.id) for one in found.problems],
                "Type": [one.artifact.type for one in found.problems],
                "Problem": [f"{one.what}: {one.detail}" for one in found.problems],
                "Place": [one.artifact.uri for one in found.problems],
            },
            right=["Id"],
        )
        click.echo()
    _print_orphans(found.orphans)
    click.echo(f"{found.matched} payloads match their digest, {len(found.problems)} do not or are missing.")
    if found.unmeasured:
        click.echo(f"{found.unmeasured} are there, without a digest to compare them with.")
    if found.elsewhere:
        click.echo(f"{found.elsewhere} are not on this machine, and were not looked at.")


def _print_orphans(orphans: tuple[Path, ...]) -> None:
    if orphans:
        click.echo("No artifact names")
        for path in orphans:
            click.echo(f"  {path}")
        click.echo()
