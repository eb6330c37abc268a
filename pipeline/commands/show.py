"""slipway show: one run."""

import dataclasses
import json
import time
from pathlib import Path

import click

from components.trainer.trackers.execution import TrackedRun
from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.home import Home
from pipeline.lineage.runs import Run, Runs
from pipeline.lineage.store import open_store
from pipeline.runner.events import read_events
from pipeline.runner.next_steps import shown
from pipeline.runner.request import EVENTS_FILE, LOG_FILE
from pipeline.runner.state import RunState, fold
from pipeline.runner.summary import (
    evaluation_table,
    findings_table,
    print_section,
    slice_table,
    trials_table,
    trials_title,
)
from pipeline.terminal import console


@click.command("show")
@click.argument("run")
@options.home
@options.store
@options.as_json
@options.debug
def command(run: str, home: str | None, store: str | None, as_json: bool) -> None:
    """Show one run: its nodes, its evaluation, what it pushed.

    RUN is a name that `slipway runs` lists. The evaluation is there for local runs; with --store only what the metadata
    store itself holds.
    """
    folder = Home.existing(home).run(run) if store is None else None
    found = Runs(open_store(store or str(Home.at(home).metadata_db))).get(run)
    told = fold(read_events(folder / EVENTS_FILE)) if folder else RunState()
    if as_json:
        values = {
            **dataclasses.asdict(found),
            "tracked": [dataclasses.asdict(tracked) for tracked in _tracked(found, told)],
            "trials": told.trials,
            "evaluation": told.evaluation,
            "refused": told.refused,
            "warned": told.warned,
        }
        click.echo(json.dumps(values, indent=2))
    else:
        _print(found, told, folder)


def _tracked(run: Run, told: RunState) -> list[TrackedRun]:
    """Returns the trackers' runs: ML Metadata has those of complete executions, a local run has told of all."""
    known = [tracked for node in run.nodes for tracked in node.tracked]
    return known or [TrackedRun(event["tracker"], event["run_id"], event["location"]) for event in told.tracked]


def _print(run: Run, told: RunState, folder: Path | None) -> None:
    click.echo(f"{run.pipeline}  {run.id}  {run.state}  {run.seconds:.1f} s")
    click.echo(f"Started  {time.strftime('%Y-%m-%d %H:%M:%S %Z', time.localtime(run.started))}")
    if run.pushed_to:
        click.echo(f"Pushed   version {run.version} to {shown(Path(run.pushed_to))}")
    for tracked in _tracked(run, told):
        place = tracked.location if "://" in tracked.location else shown(Path(tracked.location))
        click.echo(f"Tracked  {tracked.tracker} run {tracked.run_id} in {place}")
    if folder and (folder / LOG_FILE).exists():
        click.echo(f"Log      {shown(folder / LOG_FILE)}")
    click.echo()
    print_table(
        {
            "Node": [node.node for node in run.nodes],
            "State": [node.state for node in run.nodes],
            "Seconds": [f"{node.seconds:.1f}" for node in run.nodes],
            "Execution": [str(node.execution) for node in run.nodes],
        },
        right=["Seconds", "Execution"],
    )
    screen = console()
    if told.refused or told.warned:
        print_section(screen, "Findings of DataGate", findings_table([*told.refused, *told.warned]))
    if told.trials:
        print_section(screen, trials_title(told.trials), trials_table(told.trials))
    if told.evaluation:
        print_section(screen, "Evaluation", evaluation_table(told.evaluation))
    if any(row["slice"] for row in told.evaluation):
        print_section(screen, "Evaluation by slice", slice_table(told.evaluation))
