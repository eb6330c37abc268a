"""slipway compare: runs side by side."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.commands.stores import folder_of, open_store, told
from pipeline.commands.table import brief_text, print_table
from pipeline.lineage.compare import Difference, differences, metrics
from pipeline.lineage.curves import Curve, chart, curves
from pipeline.lineage.runs import Run
from pipeline.runner.display import number_text
from pipeline.runner.events import read_events
from pipeline.runner.request import EVENTS_FILE
from pipeline.terminal import console

_TITLES = {
    "data": "Data",
    "schema": "Schema",
    "parameter": "Parameters",
    "code": "Code",
    "version": "Libraries",
}

Metric = tuple[str, str, tuple[float | None, ...]]


@dataclasses.dataclass(frozen=True)
class _Compared:
    runs: list[Run]
    differences: list[Difference]
    metrics: list[Metric]
    curves: Mapping[str, Sequence[Curve]]


@click.command("compare")
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--slices", is_flag=True, help="Also the metrics of slices.")
@click.option("--curve", default="val_loss", show_default=True, metavar="METRIC", help="Which training curve to draw.")
@options.home
@options.store
@options.as_json
@options.debug
def command(
    runs: tuple[str, ...], slices: bool, curve: str, home: str | None, store: str | None, as_json: bool
) -> None:
    """Show in what runs differ: data, schema, parameters, code, libraries; their metrics and training curves.

    A RUN is a name that `slipway runs` lists. Metrics and curves are those of the home's own runs: ML Metadata does not
    have them.
    """
    if len(set(runs)) < max(2, len(runs)):
        raise UsageError("Two or more runs, each another one, can be compared.", received=" ".join(runs))
    with open_store(home, store) as opened:
        found = [opened.run(run) for run in runs]
        different = differences(opened, found)
    measured = metrics([told(home, run).evaluation for run in runs])
    events = [read_events(folder_of(home, run) / EVENTS_FILE) for run in runs]
    compared = _Compared(found, different, [row for row in measured if slices or not row[1]], curves(events))
    if as_json:
        click.echo(json.dumps(_values(compared), indent=2))
    else:
        _print(compared, curve)


def _values(compared: _Compared) -> dict[str, Any]:
    return {
        "runs": [dataclasses.asdict(run) for run in compared.runs],
        "differences": [dataclasses.asdict(one) for one in compared.differences],
        "metrics": [{"metric": metric, "slice": where, "values": values} for metric, where, values in compared.metrics],
        "curves": [{"metric": name, "values": values} for name, values in compared.curves.items()],
    }


def _print(compared: _Compared, curve: str) -> None:
    numbers = [str(number) for number in range(1, len(compared.runs) + 1)]
    _print_runs(compared.runs, numbers)
    for kind, title in _TITLES.items():
        if found := [one for one in compared.differences if one.kind == kind]:
            click.echo()
            texts = [[brief_text(value) for value in one.values] for one in found]
            columns = {number: [row[place] for row in texts] for place, number in enumerate(numbers)}
            print_table({title: [one.key for one in found]} | columns)
    if not compared.differences:
        click.echo("\nNothing that the metadata store notes is different.")
    if compared.metrics:
        click.echo()
        keys = {"Metric": [f"{metric}, {where}" if where else metric for metric, where, _ in compared.metrics]}
        values = {
            number: [number_text(row[2][place]) for row in compared.metrics] for place, number in enumerate(numbers)
        }
        print_table(keys | values, right=numbers)
    if drawn := chart(compared.curves.get(curve, ()), numbers):
        click.echo(f"\n{curve} of each epoch")
        console().print(drawn)


def _print_runs(runs: list[Run], numbers: list[str]) -> None:
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
