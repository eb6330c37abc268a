"""A comparison of optimizers on a terminal: while it runs, and what it came to."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pipeline.comparison.comparison import LOSS, Comparison, Spread
from pipeline.comparison.contender import Contender
from pipeline.runner.display import STOPPING, Display, WholeParts, display_for, node_table, number_text, seconds_text
from pipeline.runner.state import Event, RunState


class Board:
    """A row per optimizer, redrawn in place while they are trained; nothing of it stays.

    Args:
        console: Where it is drawn.
        contenders: The optimizers.
        seeds: How many trainings each of them gets.
    """

    def __init__(self, console: Console, contenders: Sequence[Contender], seeds: int) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._contenders, self._seeds = contenders, seeds
        self._done: dict[Contender, list[Event]] = {contender: [] for contender in contenders}
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
            self._done[_contender(event)].append(event)

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
        table = _table("Optimizer", "Rate", "Seeds", "So far", left=("Optimizer",))
        table.add_column("")
        for contender in self._contenders:
            done = self._done[contender]
            values = [event["value"] for event in done if event["value"] is not None]
            table.add_row(
                contender.name,
                f"{contender.learning_rate:g}",
                f"{len(done)}/{self._seeds}",
                number_text(sum(values) / len(values)) if values else "-",
                WholeParts(self._progress(contender)),
            )
        return table

    def _progress(self, contender: Contender) -> list[str]:
        if self._running is None or _contender(self._running) != contender:
            return []
        which = f"seed {self._running['seed']}"
        if self._epoch is None:
            return [which]
        metrics = sorted(self._epoch["metrics"].items(), key=lambda item: not item[0].startswith("val_"))
        numbers = [f"{name} {number_text(value)}" for name, value in metrics]
        return [which, f"epoch {self._epoch['epoch']}/{self._epoch['epochs']}", *numbers]


def board_for(console: Console, contenders: Sequence[Contender], seeds: int, quiet: bool) -> Display:
    """Returns the display that fits: silence if asked for, the board on a terminal, lines elsewhere."""
    if quiet or not console.file.isatty() or console.is_dumb_terminal:
        return display_for(console, quiet)
    return Board(console, contenders, seeds)


def standings_table(comparison: Comparison) -> Table:
    """Returns a row per optimizer, the best first: mean and standard deviation over the seeds."""
    titles = ["Optimizer", "Rate", comparison.monitor, *([LOSS] if comparison.monitor != LOSS else []), "Epochs/s"]
    failed = any(one.failed for one in comparison.standings())
    table = _table(*titles, *(["Failed"] if failed else []), left=("Optimizer",))
    for one in comparison.standings():
        spreads = [one.metric, *([one.loss] if comparison.monitor != LOSS else [])]
        speed = "-" if one.epochs_per_second is None else f"{one.epochs_per_second:.2f}"
        numbers = [f"{one.contender.learning_rate:g}", *map(_spread_text, spreads), speed]
        table.add_row(one.contender.name, *numbers, *([str(one.failed)] if failed else []))
    return table


def _spread_text(spread: Spread | None) -> str:
    if spread is None:
        return "-"
    mean = number_text(spread.mean)
    return mean if spread.deviation is None else f"{mean} ± {spread.deviation:.4f}"


def _contender(event: Event) -> Contender:
    return Contender(event["name"], event["learning_rate"])


def _table(*titles: str, left: Sequence[str]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        options: dict[str, Any] = {"justify": "left" if title in left else "right"}
        table.add_column(title, no_wrap=True, **options)
    return table
