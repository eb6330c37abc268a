"""A comparison of optimizers from the watching side: the request, the worker, the picture, the table, the exit code."""

import contextlib
import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from components.settings import to_dict
from pipeline import tasks
from pipeline.comparison import contender
from pipeline.comparison.comparison import Comparison
from pipeline.comparison.contender import Contender
from pipeline.comparison.display import board_for, standings_table
from pipeline.comparison.request import ComparisonRequest
from pipeline.config import TaskConfig, override
from pipeline.home import Home, new_run_id
from pipeline.lineage import transformed
from pipeline.lineage.store import open_store
from pipeline.lineage.transformed import Transformed
from pipeline.runner import log
from pipeline.runner.events import append, event
from pipeline.runner.home_lock import only_run
from pipeline.runner.next_steps import shown
from pipeline.runner.request import EVENTS_FILE, LOG_FILE
from pipeline.runner.supervise import supervise
from pipeline.terminal import console, print_error

WORKER = (sys.executable, "-m", "pipeline.comparison.worker")


@dataclass(frozen=True)
class ComparisonOrder:
    """A comparison as the command line asks for it.

    Args:
        task: The task's name.
        home: The home directory; None takes `$SLIPWAY_HOME` or `.slipway`.
        overrides: `key=value` each.
        optimizers: A comma-separated list; None takes all.
        seeds: Trainings of each optimizer.
        as_json: Whether nothing but JSON is printed on standard output.
        debug: Whether the traceback of an error is printed.
    """

    task: str
    home: str | None = None
    overrides: tuple[str, ...] = ()
    optimizers: str | None = None
    seeds: int = 3
    as_json: bool = False
    debug: bool = False


def launch(order: ComparisonOrder, worker: Sequence[str] = WORKER) -> int:
    """Compares optimizers, shows what they came to, and returns the exit code.

    Args:
        order: What to compare.
        worker: The worker's command, which gets the report's folder as its last argument.

    Raises:
        UsageError: The task, an override, an optimizer or the home is at fault. No worker was started.
    """
    config = override(tasks.load(order.task), order.overrides)
    contender.check(config.training)
    contenders = contender.contenders(order.optimizers)
    home = Home.open(order.home)
    request = _request(order, config, contenders, home)
    folder = home.reports / f"optimizers-{request.run_id}"
    # Only a run needs the home for itself.
    with only_run(home) if request.transformed is None else contextlib.nullcontext():
        return _compare(order, request, folder, worker)


def _request(
    order: ComparisonOrder, config: TaskConfig, contenders: tuple[Contender, ...], home: Home
) -> ComparisonRequest:
    return ComparisonRequest(
        run_id=new_run_id(config.name),
        home=str(home.root),
        config=to_dict(config),
        contenders=contenders,
        seeds=tuple(range(config.training.seed, config.training.seed + order.seeds)),
        transformed=_transformed(order, home),
    )


def _transformed(order: ComparisonOrder, home: Home) -> Transformed | None:
    """Returns the examples of the latest run; None where there are none, or where other ones are asked for."""
    others = [key for key in order.overrides if not key.startswith("training.")]
    if others or not home.metadata_db.exists():
        return None
    return transformed.latest(open_store(str(home.metadata_db)), order.task)


def _compare(order: ComparisonOrder, request: ComparisonRequest, folder: Path, worker: Sequence[str]) -> int:
    request.write(folder)
    append(folder / EVENTS_FILE, event("launched", run_id=request.run_id, task=order.task))
    with board_for(console(), request.contenders, len(request.seeds), quiet=order.as_json) as board:
        state = supervise([*worker, str(folder)], folder, board.show)
    found = Comparison.read(folder)
    if found:
        _print(order, found, folder)
    if state.exit_code:
        traceback = log.last_traceback(folder / LOG_FILE) if order.debug else None
        print_error(state.message or "The comparison failed.", traceback)
    return state.exit_code if state.exit_code is not None else 1


def _print(order: ComparisonOrder, found: Comparison, folder: Path) -> None:
    from pipeline.comparison import plot

    picture = plot.write(folder, found)
    if order.as_json:
        facts = {key: value for key, value in to_dict(found).items() if key != "trainings"}
        standings = [dataclasses.asdict(one) for one in found.standings()]
        click.echo(json.dumps({**facts, "standings": standings, "folder": str(folder)}, indent=2))
        return
    screen = console()
    seeds = f"seed{'' if len(found.seeds) == 1 else 's'} {', '.join(map(str, found.seeds))}"
    screen.print(
        f"{found.task}: {found.epochs} epochs, {seeds}, examples of {found.run}. "
        "Values of the best epoch; mean ± standard deviation over the seeds.\n",
        soft_wrap=True,
    )
    screen.print(standings_table(found))
    click.echo(f"\nPicture  {shown(picture)}\nLog      {shown(folder / LOG_FILE)}")
