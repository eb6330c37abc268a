"""What a run came to, for a person: nodes, evaluation, refused data, where the model went, what to type next."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.evaluator.verdict import Row
from pipeline.runner.display import node_table, number_text, seconds_text, value_text
from pipeline.runner.next_steps import NextSteps, shown
from pipeline.runner.serving_table import serving_table
from pipeline.runner.state import Event, RunState

_TRIALS_SHOWN = 3


def print_summary(
    console: Console, state: RunState, log: Path, steps: NextSteps, request: Path | None, nodes: bool = True
) -> None:
    """Prints everything but the error, which belongs to standard error.

    Args:
        console: Where to print.
        state: The finished run.
        log: The run's log file.
        steps: The commands to name.
        request: A file with a request for the model; None if no model is there to be served.
        nodes: Whether to print the table of nodes; a live table already shows it.
    """
    if nodes and state.nodes:
        print_section(console, "Nodes", node_table(state, now=0.0))
    if reasons := {node.id: node.reasons for node in state.nodes.values() if node.reasons}:
        print_section(console, "Why", _reasons_table(reasons))
    if state.refused:
        print_findings(console, "Refused by DataGate", state.refused)
    if state.warned:
        print_findings(console, "Warnings of DataGate", state.warned)
    if state.trials:
        print_section(console, trials_title(state.trials), trials_table(state.trials))
    if state.evaluation:
        print_evaluation(console, state)
        _by_slice(console, state, steps)
    if state.serving_check:
        print_section(console, "Serving check", serving_table(state.serving_check))
    print_section(console, "Result", _facts(state, log))
    if state.pushed_to and request:
        _commands(console, "Serve it", steps.serve(Path(state.pushed_to), request))
    # Without a node that started there is nothing in ML Metadata to look at.
    if state.startup is not None:
        _commands(console, "Look at it", steps.look())


def result_line(state: RunState) -> str:
    """Returns the end of a run in a line."""
    place = f"version {state.version} in {shown(Path(state.pushed_to))}" if state.pushed_to else "no version"
    lines = {
        "pushed": f"Pushed {place}",
        "up_to_date": f"Up to date: {place}" if state.pushed_to else "Finished before the Pusher; nothing was pushed",
        "dry_run": "Nothing was run",
        "refused": "The data were refused; nothing was pushed",
        "not_blessed": "The model was not blessed; nothing was pushed",
        "interrupted": "Interrupted; nothing was pushed",
    }
    return lines.get(state.outcome or "", "Failed; nothing was pushed")


def _reasons_table(reasons: Mapping[str, Sequence[str]]) -> Table:
    table = _table("Node")
    table.add_column("Since it last ended well", overflow="fold")
    for node, told in reasons.items():
        table.add_row(node, "\n".join(told))
    return table


def trials_title(rows: Sequence[Event]) -> str:
    """Returns what stands above the table of trials."""
    return f"Hyper-parameters, best of {len(rows)} trial{'' if len(rows) == 1 else 's'}"


def trials_table(rows: Sequence[Event]) -> Table:
    """Returns the best trials side by side, the first of which the Trainer takes: the metric, and each value.

    Args:
        rows: Rows of the `tuned` event.
    """
    shown_rows = rows[:_TRIALS_SHOWN]
    table = _table("Key")
    for number in range(len(shown_rows)):
        table.add_column("Trained with" if number == 0 else f"Number {number + 1}", justify="right", overflow="fold")
    table.add_row(rows[0]["metric"], *(number_text(row["value"]) for row in shown_rows))
    for key in rows[0]["hyperparameters"]:
        table.add_row(key, *(value_text(row["hyperparameters"][key]) for row in shown_rows))
    return table


def evaluation_table(rows: Sequence[Event]) -> Table:
    """Returns a row per metric of the whole split, with its threshold and its verdict, and per slice that missed one.

    Args:
        rows: Rows of the `evaluation` event.
    """
    table = _table("Metric")
    for name in ("Value", "Baseline", "Change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Threshold")
    table.add_column("Passed")
    for row in rows:
        if not row["slice"] or row["passed"] is False:
            where = f" where {row['slice']}" if row["slice"] else ""
            numbers = [number_text(row["value"]), number_text(row["baseline"]), _change_text(row["change"])]
            table.add_row(f"{row['metric']}{where}", *numbers, _threshold(row), _passed(row))
    return table


def slice_table(rows: Sequence[Event]) -> Table:
    """Returns a row per slice and a column per metric.

    Args:
        rows: Rows of the `evaluation` event.
    """
    values = {(row["slice"], row["metric"]): row["value"] for row in rows if row["slice"]}
    metrics = list(dict.fromkeys(metric for _, metric in values))
    table = _table("Slice")
    for metric in metrics:
        table.add_column(metric, justify="right", overflow="fold")
    for where in dict.fromkeys(where for where, _ in values):
        table.add_row(where, *(number_text(values.get((where, metric))) for metric in metrics))
    return table


def findings_table(rows: Sequence[Event]) -> Table:
    """Returns a row per finding of DataGate: feature, split and rule, what was seen and what is allowed."""
    table = _table("Feature", "Split", "Rule", "Seen", "Allowed")
    for row in rows:
        seen = row.get("seen") or row["detail"]  # Runs of earlier versions have told the description only.
        table.add_row(row["feature"], row["split"], row["rule"], seen, row.get("allowed") or "-")
    return table


def offenders_table(rows: Sequence[Event]) -> Table:
    """Returns the examples that break the rules of DataGate's findings, up to three for each."""
    table = _table("Feature", "Split", "Record")
    table.add_column("Example", no_wrap=True, overflow="ellipsis")
    for row in rows:
        for example in row.get("examples", ()):
            table.add_row(row["feature"], row["split"], str(example["record"]), example["text"])
    return table


def print_findings(console: Console, title: str, rows: Sequence[Event]) -> None:
    """Prints what DataGate has found, and examples of it where it has any."""
    print_section(console, title, findings_table(rows))
    if any(row.get("examples") for row in rows):
        print_section(console, "Examples of it", offenders_table(rows))


def print_evaluation(console: Console, state: RunState) -> None:
    """Prints the Evaluator's table, and what a person has to know about its verdict."""
    print_section(console, "Evaluation", evaluation_table(state.evaluation))
    if state.uncompared:
        console.print(f"Not compared: {state.uncompared}", style="yellow")
    if state.forced:
        console.print(f"Blessed by force: {state.forced}", style="bold yellow")


def print_section(console: Console, title: str, table: Table) -> None:
    """Prints a table with its title above it and a blank line before."""
    console.print(f"\n{title}", style="bold")
    console.print(table)


def _facts(state: RunState, log: Path) -> Table:
    good = state.exit_code == 0
    startup = f", {seconds_text(state.startup)} s of it before the first node" if state.startup is not None else ""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    table.add_row("Outcome", Text(result_line(state), style="bold green" if good else "bold red"))
    if state.forced:
        table.add_row("Forced", state.forced)
    for notice in state.notices:
        table.add_row("Notice", notice)
    table.add_row("Time", f"{seconds_text(state.elapsed(now=0.0))} s{startup}")
    table.add_row("Log", shown(log))
    return table


def _by_slice(console: Console, state: RunState, steps: NextSteps) -> None:
    hidden = sum(bool(row["slice"]) for row in state.evaluation)
    if hidden:
        console.print(f"{hidden} values by slice: {steps.look()[0]}", style="dim", soft_wrap=True)


def _commands(console: Console, title: str, commands: Sequence[str]) -> None:
    console.print(f"\n{title}", style="bold")
    for command in commands:
        # Not wrapped at the terminal's width: a command with a line break in it cannot be pasted.
        console.print(f"  {command}", soft_wrap=True)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _threshold(row: Event) -> str:
    known = {field.name for field in dataclasses.fields(Row)}
    return "\n".join(Row(**{key: value for key, value in row.items() if key in known}).demands) or "-"


def _change_text(change: float | None) -> str:
    return "-" if change is None or math.isnan(change) else f"{change:+.4f}"


def _passed(row: Event) -> Text:
    passed, note = row["passed"], row.get("note")
    if passed is None:
        return Text(note or "-", style="dim")
    text = Text("yes", style="green") if passed else Text("no", style="bold red")
    return text.append(f", {note}") if note else text
