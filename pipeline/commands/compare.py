"""slipway compare: runs side by side."""

import dataclasses
import hashlib
import json
import string
from typing import Any

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.home import Home
from pipeline.lineage.compare import Difference, differences, metrics
from pipeline.lineage.runs import Run, Runs
from pipeline.lineage.store import open_store
from pipeline.runner.display import number_text
from pipeline.runner.events import read_events
from pipeline.runner.request import EVENTS_FILE
from pipeline.runner.state import fold

_READABLE = 60

Metric = tuple[str, str, tuple[float | None, ...]]


@click.command("compare")
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--slices", is_flag=True, help="Also the metrics of slices.")
@options.home
@options.store
@options.as_json
@options.debug
def command(runs: tuple[str, ...], slices: bool, home: str | None, store: str | None, as_json: bool) -> None:
    """Show in what runs differ: parameters, data, code and configuration, and their metrics.

    A RUN is a name that `slipway runs` lists. Metrics are there for local runs; with --store only what the metadata
    store itself holds.
    """
    if len(set(runs)) < max(2, len(runs)):
        raise UsageError("Two or more runs, each another one, can be compared.", received=" ".join(runs))
    place = Home.existing(home) if store is None else None
    opened = open_store(store or str(Home.at(home).metadata_db))
    found = [Runs(opened).get(run) for run in runs]
    told = [fold(read_events(place.run(run) / EVENTS_FILE)).evaluation if place else [] for run in runs]
    measured = [row for row in metrics(told) if slices or not row[1]]
    different = differences(opened, found)
    if as_json:
        click.echo(json.dumps(_values(found, different, measured), indent=2))
    else:
        _print(found, different, measured)


def _values(runs: list[Run], different: list[Difference], measured: list[Metric]) -> dict[str, Any]:
    return {
        "runs": [dataclasses.asdict(run) for run in runs],
        "differences": [dataclasses.asdict(one) for one in different],
        "metrics": [{"metric": metric, "slice": where, "values": values} for metric, where, values in measured],
    }


def _print(runs: list[Run], different: list[Difference], measured: list[Metric]) -> None:
    numbers = [str(number) for number in range(1, len(runs) + 1)]
    print_table(
        {
            "": numbers,
            "Run": [run.id for run in runs],
            "State": [run.state for run in runs],
            "Seconds": [f"{run.seconds:.1f}" for run in runs],
            "Pushed": [run.version or "-" for run in runs],
        },
        right=["Seconds"],
    )
    click.echo()
    if different:
        keys = {"Different": [one.key for one in different]}
        print_table(
            keys | {number: [_text(one.values[place]) for one in different] for place, number in enumerate(numbers)}
        )
    else:
        click.echo("No parameter is different.")
    if measured:
        click.echo()
        keys = {"Metric": [f"{metric}, {where}" if where else metric for metric, where, _ in measured]}
        values = {number: [number_text(row[2][place]) for row in measured] for place, number in enumerate(numbers)}
        print_table(keys | values, right=numbers)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) <= _READABLE:
        return text
    # Of what is too long to be read, only that it is different matters.
    digest = text if set(text) <= set(string.hexdigits) else hashlib.sha256(text.encode()).hexdigest()
    return digest[:12]
