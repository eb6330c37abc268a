"""A run on a cluster while it is waited for: a table on a terminal, a line for each change elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

Show = Callable[[Any], None]

_STYLES = {"running": "bold cyan", "succeeded": "green", "failed": "bold red", "canceled": "bold magenta"}


@contextlib.contextmanager
def run_table(screen: Console, quiet: bool) -> Iterator[Show]:
    """Yields what shows a run's status: its `state` and its `steps`, each with `name`, `state` and `seconds`.

    Args:
        screen: Where it is shown.
        quiet: Whether nothing is shown.
    """
    if quiet:
        yield lambda _: None
    elif screen.file.isatty() and not screen.is_dumb_terminal:
        with Live(console=screen, auto_refresh=False) as live:
            yield lambda status: live.update(_table(status), refresh=True)
    else:
        yield _lines(screen)


def _lines(screen: Console) -> Show:
    start, known = time.monotonic(), dict[str, str]()

    def show(status: Any) -> None:
        for step in status.steps:
            if step.state not in (known.get(step.name), "waiting"):
                known[step.name] = step.state
                screen.print(f"{time.monotonic() - start:8.1f} s  {step.state:<10}{step.name}", soft_wrap=True)

    return show


def _table(status: Any) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    for title in ("Step", "State", "Seconds"):
        table.add_column(title, justify="right" if title == "Seconds" else "left", no_wrap=True)
    for step in status.steps:
        seconds = "" if step.seconds is None else f"{step.seconds:.0f}"
        table.add_row(step.name, step.state, seconds, style=_STYLES.get(step.state, "dim"))
    return table
