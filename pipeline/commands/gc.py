"""slipway gc: removes payloads that nothing needs any more."""

import contextlib
import json
import time
from collections.abc import Iterator

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import bytes_text, print_table
from pipeline.home import Home
from pipeline.lineage.garbage import Plan, kept_runs, plan, remove
from pipeline.lineage.idle import idle

_KEPT = 10


@click.command("gc")
@click.option("--keep-runs", type=click.IntRange(min=0), metavar="N", help="Keep the latest N runs of each task.")
@click.option("--keep-days", type=click.FloatRange(min=0), metavar="D", help="Keep the runs of the last D days.")
@click.option("--dry-run", is_flag=True, help="Only list what would go; so does a call without --yes.")
@click.option("--yes", is_flag=True, help="Remove it.")
@options.home
@options.store
@options.as_json
@options.debug
def command(
    keep_runs: int | None,
    keep_days: float | None,
    dry_run: bool,
    yes: bool,
    home: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Remove the payloads of the home's pipelines that nothing needs any more, and mark their artifacts as deleted.

    Needed is what the kept runs have read and made, every model that was blessed or pushed, and all that those were
    made of. Without either --keep option the latest 10 runs of each task are kept; with both, what either keeps.
    """
    if dry_run and yes:
        raise UsageError("Either nothing is removed or something is.", received="--dry-run --yes")
    if keep_runs is None and keep_days is None:
        keep_runs = _KEPT
    place = Home.existing(home)
    with idle(place) if yes else contextlib.nullcontext():
        with open_store(home, store) as opened:
            runs = opened.runs()
            kept = kept_runs(runs, keep_runs, keep_days, time.time())
            found = plan(opened, place.root / "pipelines", kept)
        if yes:
            remove(opened.location, found)
    if as_json:
        click.echo(json.dumps(_values(found, sorted(kept), yes), indent=2))
    else:
        _print(found, f"{len(kept)} of {len(runs)} runs", yes)


def _values(found: Plan, kept: list[str], done: bool) -> dict[str, object]:
    payloads = [
        {"id": one.artifact.id, "type": one.artifact.type, "bytes": one.bytes, "path": str(one.path)}
        for one in found.payloads
    ]
    leftovers = [str(path) for path in found.leftovers]
    return {"removed": done, "bytes": found.bytes, "kept_runs": kept, "payloads": payloads, "leftovers": leftovers}


def _print(found: Plan, kept: str, done: bool) -> None:
    if found.payloads:
        print_table(
            {
                "Id": [str(one.artifact.id) for one in found.payloads],
                "Type": [one.artifact.type for one in found.payloads],
                "Size": [bytes_text(one.bytes) for one in found.payloads],
                "Place": [str(one.path) for one in found.payloads],
            },
            right=["Id", "Size"],
        )
    for line in _lines(found, kept, done):
        click.echo(line)


def _lines(found: Plan, kept: str, done: bool) -> Iterator[str]:
    if found.leftovers:
        yield f"{len(found.leftovers)} leftovers of an earlier removal, {bytes_text(found.leftover_bytes)}."
    verb = "Removed" if done else "Can go:"
    yield f"{verb} {len(found.payloads)} payloads, {bytes_text(found.bytes)}. Kept: {found.kept} payloads, {kept}."
    if not done and (found.payloads or found.leftovers):
        yield "Nothing was removed yet: --yes does it."
