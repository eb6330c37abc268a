"""A comparison on a terminal: while it runs, and what it came to."""

import time
from collections.abc import Iterator, Sequence
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.comparison.comparison import LOSS, Comparison, Spread
from pipeline.runner.display import STOPPING, Display, WholeParts, display_for, node_table, number_text, seconds_text
from pipeline.runner.state import Event, RunState


class Board:
    """A row per contender, redrawn in place while they are trained; nothing of it stays.

    Args:
        console: Where it is drawn.
        title: What a contender is.
        names: The names of the contenders.
        seeds: How many trainings each of them gets.
    """

    def __init__(self, console: Console, title: str, names: Sequence[str], seeds: int) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._title, self._seeds = title, seeds
        self._done: dict[str, list[Event]] = {name: [] for name in names}
        self._running: Event | None = None
        self._epoch: Event | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, state: RunState, events: Sequence[Event], stopping: bool) -> None:
        """Draws what there is now."""
        for event in events:
            self._take(event)
        self._live.update(Group(*self._picture(state, time.time(), stopping)), refresh=True)

    def _take(self, event: Event) -> None:
        if event["event"] == "training_started":
            self._running, self._epoch = event, None
        elif event["event"] == "epoch":
            self._epoch = event
        elif event["event"] == "training_finished":
            self._running = None
            self._done[event["name"]].append(event)

    def _picture(self, state: RunState, now: float, stopping: bool) -> Iterator[Table | Text]:
        yield Text(f"{state.task or ''}  {state.run_id or ''}  {seconds_text(state.elapsed(now))} s", style="bold")
        if self._running or any(self._done.values()):
            yield self._table()
        elif state.nodes:
            yield node_table(state, now)
        else:
            yield Text("Starting the worker: it imports TensorFlow and TFX, which takes some seconds.", style="dim")
        if stopping:
            yield Text(STOPPING, style="bold magenta")

    def _table(self) -> Table:
        table = _table(self._title, "Seeds", "So far")
        table.add_column("")
        for name, done in self._done.items():
            values = [event["value"] for event in done if event["value"] is not None]
            table.add_row(
                name,
                f"{len(done)}/{self._seeds}",
                number_text(sum(values) / len(values)) if values else "-",
                WholeParts(self._progress(name)),
            )
        return table

    def _progress(self, name: str) -> list[str]:
        if self._running is None or self._running["name"] != name:
            return []
        which = f"seed {self._running['seed']}"
        if self._epoch is None:
            return [which]
        metrics = sorted(self._epoch["metrics"].items(), key=lambda item: not item[0].startswith("val_"))
        numbers = [f"{name} {number_text(value)}" for name, value in metrics]
        return [which, f"epoch {self._epoch['epoch']}/{self._epoch['epochs']}", *numbers]


def board_for(console: Console, title: str, names: Sequence[str], seeds: int, quiet: bool) -> Display:
    """Returns the display that fits: silence if asked for, the board on a terminal, lines elsewhere."""
    if quiet or not console.file.isatty() or console.is_dumb_terminal:
        return display_for(console, quiet)
    return Board(console, title, names, seeds)


def standings_table(comparison: Comparison) -> Table:
    """Returns a row per contender, the best first: mean and standard deviation over the seeds.

    How many parameters were trained is there where contenders differ in it, and failures where there are any.
    """
    standings = comparison.standings()
    columns: dict[str, list[str]] = {
        title_of(comparison.kind): [one.contender for one in standings],
        comparison.monitor: [_spread_text(one.metric) for one in standings],
        LOSS: [_spread_text(one.loss) for one in standings],
        "Epochs/s": ["-" if one.epochs_per_second is None else f"{one.epochs_per_second:.2f}" for one in standings],
    }
    if len({one.parameters for one in standings if one.parameters is not None}) > 1:
        columns["Trained"] = ["-" if one.parameters is None else f"{one.parameters:,}" for one in standings]
    if any(one.failed for one in standings):
        columns["Failed"] = [str(one.failed) for one in standings]
    table = _table(*columns)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    return table


def title_of(kind: str) -> str:
    """Returns what stands above the contenders of a kind.

    Example:
        >>> title_of("optimizers")
        'Optimizer'
    """
    return kind.removesuffix("s").capitalize()


def _spread_text(spread: Spread | None) -> str:
    if spread is None:
        return "-"
    mean = number_text(spread.mean)
    return mean if spread.deviation is None else f"{mean} ± {spread.deviation:.4f}"


def _table(first: str, *titles: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, no_wrap=True)
    for title in titles:
        table.add_column(title, no_wrap=True, justify="right")
    return table
