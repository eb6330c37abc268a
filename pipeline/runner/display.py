"""A run while it runs: a live table on a terminal, lines elsewhere, or nothing.

Colours are names of the terminal's own palette and never the only sign: dark, light and no colours read the same.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, Self

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from pipeline.runner import state as states
from pipeline.runner.state import Event, Node, RunState, stage_of

STYLES = {
    states.WAITING: "dim",
    states.RUNNING: "bold cyan",
    states.COMPLETE: "green",
    states.CACHED: "green",
    states.FAILED: "bold red",
    states.SKIPPED: "dim",
    states.INTERRUPTED: "bold magenta",
    states.NOT_RUN: "dim",
    states.WOULD_RUN: "cyan",
}

STOPPING = "Stopping. Ctrl-C again ends it at once."


class Display(Protocol):
    """What the supervisor tells about every step."""

    def __enter__(self) -> Self:
        """Starts to show."""

    def __exit__(self, *_: object) -> None:
        """Leaves the last picture on the terminal."""

    def show(self, state: RunState, events: Sequence[Event], stopping: bool) -> None:
        """Shows a step.

        Args:
            state: The run, with the events folded in.
            events: What is new since the last step.
            stopping: Whether the worker was asked to end.
        """


class LiveTable:
    """A row per node, redrawn in place; the last one stays."""

    def __init__(self, console: Console) -> None:
        # Drawn by the supervisor's steps only: no thread, nothing between two states.
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, state: RunState, events: Sequence[Event], stopping: bool) -> None:
        """Draws the table as it is now."""
        self._live.update(Group(*_picture(state, time.time(), stopping)), refresh=True)


class Lines:
    """A line per event, with the seconds since the launch: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._warned = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, state: RunState, events: Sequence[Event], stopping: bool) -> None:
        """Prints what is new."""
        for event in events:
            text = describe(event)
            if text:
                self._print(state, event["time"], text)
        if stopping and not self._warned:
            self._warned = True
            self._print(state, time.time(), STOPPING)

    def _print(self, state: RunState, now: float, text: str) -> None:
        self._console.print(f"{now - (state.launched or now):8.1f} s  {text}", soft_wrap=True)


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, state: RunState, events: Sequence[Event], stopping: bool) -> None:
        """Does nothing."""


def display_for(console: Console, quiet: bool) -> Display:
    """Returns the display that fits: silence if asked for, the table on a terminal, lines elsewhere."""
    if quiet:
        return Silence()
    # Not `console.is_terminal`, which FORCE_COLOR makes true for a pipe.
    return LiveTable(console) if console.file.isatty() and not console.is_dumb_terminal else Lines(console)


def describe(event: Event) -> str | None:
    """Returns an event as a line, or None if it says nothing to a person."""
    describer = _DESCRIBERS.get(event["event"])
    return describer(event) if describer else None


def node_table(state: RunState, now: float) -> Table:
    """Returns a row per node: its state, its seconds, and what it says of itself."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("Node", no_wrap=True)
    table.add_column("State", no_wrap=True, min_width=len(states.INTERRUPTED))
    table.add_column("Seconds", justify="right", no_wrap=True)
    # Not `no_wrap`, although it never wraps: rich takes the width that is missing from such columns first.
    table.add_column("")
    for node in state.nodes.values():
        style = STYLES.get(node.state, "")
        name = Text(node.id, style="dim" if style == "dim" else "")
        table.add_row(name, Text(node.state, style=style), seconds_text(node.elapsed(now)), WholeParts(_details(node)))
    return table


def seconds_text(seconds: float | None) -> str:
    """Returns seconds with one decimal; nothing for None."""
    return "" if seconds is None else f"{seconds:.1f}"


def number_text(value: object) -> str:
    """Returns a number with four decimals, a large one with none; a dash where there is no number."""
    if not isinstance(value, int | float):
        return "-"
    if value and abs(value) < 0.001:
        return f"{value:.2e}"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4f}"


def value_text(value: object) -> str:
    """Returns the value of a hyper-parameter, a number with four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class WholeParts:
    """A line that drops what does not fit part by part, so that no number is cut in two.

    Args:
        parts: In the order of their weight.
    """

    def __init__(self, parts: Sequence[str]) -> None:
        self._parts = parts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = ""
        for part in self._parts:
            longer = f"{line}  {part}" if line else part
            if line and len(longer) > options.max_width:
                break
            line = longer
        yield Text(line, overflow="ellipsis", no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(8, options.max_width), min(len("  ".join(self._parts)), options.max_width))


def _picture(state: RunState, now: float, stopping: bool) -> Iterator[Table | Text]:
    # The width of a line and the number of lines hardly change from step to step: nothing jumps.
    yield Text(
        f"{state.task or ''}  {state.run_id or ''}  {seconds_text(state.elapsed(now))} s", style="bold", no_wrap=True
    )
    for notice in state.notices:
        yield Text(notice, style="yellow")
    if state.nodes:
        yield node_table(state, now)
    elif state.outcome is None:
        yield Text("Starting the worker: it imports TensorFlow and TFX, which takes some seconds.", style="dim")
    if stopping and state.outcome is None:
        yield Text(STOPPING, style="bold magenta")


def _details(node: Node) -> list[str]:
    if node.reasons:
        return list(node.reasons)
    if (trial := node.trial) is None:
        return _progress(node)
    best = [] if trial.best is None else [f"best {trial.metric} {number_text(trial.best)}"]
    return [f"trial {trial.number}/{trial.total}", *best, *_progress(node)]


def _progress(node: Node) -> list[str]:
    if step := node.step:
        return [
            *_stage_text(step.stage),
            f"epoch {step.epoch}/{step.epochs}",
            f"step {step.number}/{step.total}",
            *_metric_texts(step.metrics),
        ]
    if node.epoch is None:
        return [node.message] if node.message else []
    # Validation first: it is what a person follows.
    metrics = sorted(node.epoch.metrics.items(), key=lambda item: not item[0].startswith("val_"))
    epoch = f"epoch {node.epoch.number}/{node.epoch.total}"
    return [*_stage_text(node.epoch.stage), epoch, *_metric_texts(dict(metrics))]


def _metric_texts(metrics: Mapping[str, float]) -> list[str]:
    return [f"{name} {number_text(value)}" for name, value in metrics.items()]


def _finished_line(event: Event) -> str:
    message = f": {event['message']}" if event.get("message") else ""
    return f"{event['node']} {event['state']} in {seconds_text(event['seconds'])} s{message}"


def _epoch_line(event: Event) -> str:
    epoch = f"epoch {event['epoch']}/{event['epochs']}"
    return "  ".join([*_stage_text(stage_of(event)), epoch, *_metric_texts(event["metrics"])])


def _stage_text(stage: tuple[int, int] | None) -> list[str]:
    return [] if stage is None else [f"stage {stage[0]}/{stage[1]}"]


def _count(rows: Sequence[object], noun: str) -> str:
    return f"{len(rows)} {noun}" + ("" if len(rows) == 1 else "s")


def _trial_line(event: Event) -> str:
    which = f"trial {event['trial']}/{event['trials']}"
    if event["state"] == "running":
        return f"{which}: {', '.join(f'{key}={value_text(value)}' for key, value in event['hyperparameters'].items())}"
    if event["value"] is None:
        return f"{which} failed: {event['message']}"
    return f"{which}  {event['metric']} {number_text(event['value'])}  best {number_text(event['best'])}"


def _evaluation_line(event: Event) -> str:
    if event.get("forced"):
        return f"evaluation: blessed by force: {event['forced']}"
    return "evaluation: " + ("blessed" if event["blessed"] else "not blessed")


def _training_line(event: Event) -> str:
    which = f"{event['name']}, seed {event['seed']}"
    if event["event"] == "training_started":
        return f"training {event['training']}/{event['trainings']}: {which}"
    if event["value"] is None:
        return f"{which} failed: {event['message']}"
    return f"{which}  {event['metric']} {number_text(event['value'])}"


_DESCRIBERS: Mapping[str, Callable[[Event], str]] = {
    "launched": lambda event: f"{event['run_id']} starts: TensorFlow and TFX are imported first",
    "run_started": lambda event: f"{len(event['nodes'])} nodes: {' '.join(event['nodes'])}",
    "node_started": lambda event: f"{event['node']} started",
    "node_finished": _finished_line,
    "epoch": _epoch_line,
    "trial": _trial_line,
    "training_started": _training_line,
    "training_finished": _training_line,
    "evaluation": _evaluation_line,
    "serving_check": lambda event: "serving check: " + ("passed" if event["passed"] else "failed"),
    "notice": lambda event: event["message"],
    "warned": lambda event: f"DataGate: {_count(event['rows'], 'warning')}",
    "refused": lambda event: f"DataGate: the data are refused, {_count(event['rows'], 'finding')}",
    "pushed": lambda event: f"pushed version {event['version']}",
    "run_finished": lambda event: f"run finished: {event['outcome'].replace('_', ' ')}",
}
