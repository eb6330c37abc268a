"""slipway report: runs as pages."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.stores import open_store
from pipeline.commands.table import bytes_text
from pipeline.home import Home
from pipeline.lineage import Store
from pipeline.report.files import Written, write_all, write_comparison, write_page
from pipeline.report.material import Material
from pipeline.runner.next_steps import shown


@click.command("report")
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="A page for each run, and a list of them.")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write.  [default: the home's reports/]",
)
@options.home
@options.store
@options.as_json
@options.debug
def command(
    runs: tuple[str, ...], everything: bool, output: Path | None, home: str | None, store: str | None, as_json: bool
) -> None:
    """Write the page of a RUN: one HTML file that needs nothing else, no network and no notebook.

    Several RUNs make a page with them side by side. A RUN is a name that `slipway runs` lists.

    \b
    Examples:
      slipway report RUN        its nodes, data, training, evaluation, lineage, model card
      slipway report RUN RUN    what is different between them
      slipway report --all      a page for each, and index.html
    """  # noqa: D301 (click wants the character)
    if everything == bool(runs):
        raise UsageError("A report is that of some runs or that of all.", fix="Give RUN, RUN RUN..., or --all.")
    if len(set(runs)) < len(runs):
        raise UsageError("Each run to compare must be another one.", received=" ".join(runs))
    folder = output or Home.at(home).reports
    with open_store(home, store) as opened:
        written = _write(opened, runs, folder, Home.at(home), store)
    if as_json:
        click.echo(json.dumps([_values(one) for one in written], indent=2))
        return
    for one in written[-1:]:
        click.echo(f"{shown(one.path)}  {bytes_text(one.bytes)}")
    if everything:
        click.echo(f"{len(written) - 1} pages beside it, {bytes_text(sum(one.bytes for one in written))} in all")


def _write(store: Store, runs: Sequence[str], folder: Path, home: Home, place: str | None) -> list[Written]:
    found = [store.run(run) for run in runs] or store.runs()
    materials = [Material(store, run, home) for run in found]
    if not runs:
        return list(write_all(materials, folder, place or str(home.metadata_db)))
    return [write_page(materials[0], folder) if len(runs) == 1 else write_comparison(materials, folder)]


def _values(written: Written) -> dict[str, object]:
    return {"runs": list(written.runs), "path": str(written.path.absolute()), "bytes": written.bytes}
