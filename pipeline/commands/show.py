"""slipway show: one run."""

import dataclasses
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from components.errors import UsageError, did_you_mean
from components.trainer.trackers.execution import TrackedRun
from pipeline.commands import options
from pipeline.commands.stores import folder_of, open_store, told
from pipeline.commands.table import print_table
from pipeline.lineage.details import Details, Use, details
from pipeline.lineage.runs import NodeRun, Run
from pipeline.runner.next_steps import shown
from pipeline.runner.request import LOG_FILE, log_file
from pipeline.runner.state import RunState
from pipeline.runner.summary import (
    print_evaluation,
    print_findings,
    print_section,
    slice_table,
    trials_table,
    trials_title,
)
from pipeline.terminal import console


@click.command("show")
@click.argument("run")
@click.option("--node", metavar="NODE", help="Only this node: its parameters, its inputs and outputs, its log.")
@options.home
@options.store
@options.as_json
@options.debug
def command(run: str, node: str | None, home: str | None, store: str | None, as_json: bool) -> None:
    """Show one run: its nodes, its evaluation, what it pushed, and why it failed.

    RUN is a name that `slipway runs` lists. The evaluation and the logs are those of the home's own runs: the metadata
    store does not have them.
    """
    with open_store(home, store) as opened:
        found = opened.run(run)
        parts = details(opened, found)
    view = _View(found, parts, told(home, run), folder_of(home, run))
    if node is not None and node not in parts:
        raise UsageError("A node must be one of the run's.", received=node, fix=did_you_mean(node, parts))
    if as_json:
        values = view.values()
        one = next((entry for entry in values["nodes"] if entry["node"] == node), None)
        click.echo(json.dumps(one or values, indent=2))
    elif node is not None:
        view.print_node(node)
    else:
        view.print()


@dataclasses.dataclass(frozen=True)
class _View:
    run: Run
    details: dict[str, Details]
    told: RunState
    folder: Path

    def values(self) -> dict[str, Any]:
        nodes = [
            {
                **dataclasses.asdict(node),
                "message": self._message(node),
                **dataclasses.asdict(self.details[node.node]),
                "log": str(log) if (log := self._log(node.node)) else None,
            }
            for node in self.run.nodes
        ]
        more = {"trials": self.told.trials, "evaluation": self.told.evaluation}
        findings = {"refused": self.told.refused, "warned": self.told.warned}
        tracked = [dataclasses.asdict(tracked) for tracked in self._tracked()]
        return {**dataclasses.asdict(self.run), "nodes": nodes, "tracked": tracked, **more, **findings}

    def print(self) -> None:
        run = self.run
        click.echo(f"{run.pipeline}  {run.id}  {run.state}  {run.seconds:.1f} s")
        click.echo(f"Started  {time.strftime('%Y-%m-%d %H:%M:%S %Z', time.localtime(run.started))}")
        if run.pushed_to:
            click.echo(f"Pushed   version {run.version} to {shown(Path(run.pushed_to))}")
        if run.forced:
            click.echo(f"Forced   blessed although it misses its thresholds: {run.forced}")
        for tracked in self._tracked():
            place = tracked.location if "://" in tracked.location else shown(Path(tracked.location))
            click.echo(f"Tracked  {tracked.tracker} run {tracked.run_id} in {place}")
        if (self.folder / LOG_FILE).exists():
            click.echo(f"Log      {shown(self.folder / LOG_FILE)}")
        click.echo()
        self._print_nodes()
        self._print_failures()
        self._print_told()

    def print_node(self, name: str) -> None:
        node = next(node for node in self.run.nodes if node.node == name)
        of_node = self.details[name]
        click.echo(f"{name}  {node.component}  execution {node.execution}  {node.state}  {node.seconds:.1f} s")
        if message := self._message(node):
            click.echo(f"Failed   {message}")
        if log := self._log(name):
            click.echo(f"Log      {shown(log)}")
        if of_node.parameters:
            click.echo()
            texts = {
                key: value if isinstance(value, str) else json.dumps(value) for key, value in of_node.parameters.items()
            }
            print_table({"Parameter": list(texts), "Value": list(texts.values())})
        for title, uses in (("Input", of_node.inputs), ("Output", of_node.outputs)):
            if uses:
                click.echo()
                _print_uses(title, uses)

    def _print_nodes(self) -> None:
        nodes = self.run.nodes
        print_table(
            {
                "Node": [node.node for node in nodes],
                "State": [node.state for node in nodes],
                "Started": [time.strftime("%H:%M:%S", time.localtime(node.started)) for node in nodes],
                "Seconds": [f"{node.seconds:.1f}" for node in nodes],
                "Execution": [str(node.execution) for node in nodes],
                "Inputs": [_brief(self.details[node.node].inputs) for node in nodes],
                "Outputs": [_brief(self.details[node.node].outputs) for node in nodes],
            },
            right=["Seconds", "Execution"],
        )

    def _print_failures(self) -> None:
        for node in self.run.nodes:
            if node.state == "failed":
                click.echo(f"\n{node.node} failed: {self._message(node) or 'the store does not say why.'}")
                if log := self._log(node.node):
                    click.echo(f"Its log: {shown(log)}")

    def _print_told(self) -> None:
        screen, told = console(), self.told
        if told.refused or told.warned:
            print_findings(screen, "Findings of DataGate", [*told.refused, *told.warned])
        if told.trials:
            print_section(screen, trials_title(told.trials), trials_table(told.trials))
        if told.evaluation:
            print_evaluation(screen, told)
        if any(row["slice"] for row in told.evaluation):
            print_section(screen, "Evaluation by slice", slice_table(told.evaluation))

    def _message(self, node: NodeRun) -> str | None:
        """Returns why a node failed: what the run has told is a sentence, ML Metadata has the exception's text."""
        if node.state != "failed":
            return None
        known = self.told.nodes.get(node.node)
        return (known.message if known else None) or node.message

    def _log(self, node: str) -> Path | None:
        path = log_file(self.folder, Path(node).name)
        return path if path.exists() else None

    def _tracked(self) -> list[TrackedRun]:
        """Returns the trackers' runs: ML Metadata has those of complete executions, a local run has told of all."""
        known = [tracked for node in self.run.nodes for tracked in node.tracked]
        told = (TrackedRun(event["tracker"], event["run_id"], event["location"]) for event in self.told.tracked)
        return known or list(told)


def _brief(uses: Sequence[Use]) -> str:
    return ", ".join(str(use.artifact) for use in uses) or "-"


def _print_uses(title: str, uses: Sequence[Use]) -> None:
    print_table(
        {
            title: [use.key for use in uses],
            "Id": [str(use.artifact) for use in uses],
            "Type": [use.type for use in uses],
            "Place": [use.uri for use in uses],
        },
        right=["Id"],
    )
