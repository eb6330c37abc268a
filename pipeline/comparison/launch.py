"""A comparison from the watching side: the request, the worker, the picture, the table, the exit code."""

import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from components.settings import to_dict
from pipeline import tasks
from pipeline.comparison import optimizers, variants
from pipeline.comparison.comparison import Comparison
from pipeline.comparison.contender import Contender
from pipeline.comparison.display import board_for, standings_table, title_of
from pipeline.comparison.request import ComparisonRequest
from pipeline.config import TaskConfig, override
from pipeline.home import Home, new_run_id
from pipeline.lineage import transformed
from pipeline.lineage.transformed import Transformed
from pipeline.runner.next_steps import shown
from pipeline.runner.request import LOG_FILE
from pipeline.runner.task_lock import only_run
from pipeline.runner.watched import failed, watched
from pipeline.terminal import console

WORKER = (sys.executable, "-m", "pipeline.comparison.worker")
KINDS: Mapping[str, Callable[[TaskConfig, str | None], tuple[Contender, ...]]] = {
    "optimizers": optimizers.contenders,
    "variants": variants.contenders,
}
"""What can be compared: how the contenders of a kind are found by their names."""


@dataclass(frozen=True)
class ComparisonOrder:
    """A comparison as the command line asks for it.

    Args:
        kind: What is compared, one of `KINDS`.
        task: The task's name.
        home: The home directory; None takes `$SLIPWAY_HOME` or `.slipway`.
        overrides: `key=value` each.
        names: A comma-separated list of contenders; None takes all.
        seeds: Trainings of each contender.
        epochs: Epochs of each training, of each stage where it has a recipe; None leaves them to the task.
        as_json: Whether nothing but JSON is printed on standard output.
        debug: Whether the traceback of an error is printed.
    """

    kind: str
    task: str
    home: str | None = None
    overrides: tuple[str, ...] = ()
    names: str | None = None
    seeds: int = 3
    epochs: int | None = None
    as_json: bool = False
    debug: bool = False


def launch(order: ComparisonOrder, worker: Sequence[str] = WORKER) -> int:
    """Compares, shows what they came to, and returns the exit code.

    Args:
        order: What to compare.
        worker: The worker's command, which gets the report's folder as its last argument.

    Raises:
        UsageError: The task, an override, a contender or the home is at fault. No worker was started.
    """
    config = override(tasks.load(order.task), order.overrides)
    contenders = KINDS[order.kind](config, order.names)
    for one in contenders:
        one.training(config, config.training.seed, order.epochs)
    home = Home.open(order.home)
    request = _request(order, config, contenders, home)
    folder = home.reports / f"{order.kind}-{request.run_id}"
    # Only a run needs the home for itself.
    with only_run(home, request.task, request.run_id) if request.transformed is None else contextlib.nullcontext():
        return _compare(order, request, folder, worker)


def _request(
    order: ComparisonOrder, config: TaskConfig, contenders: tuple[Contender, ...], home: Home
) -> ComparisonRequest:
    return ComparisonRequest(
        run_id=new_run_id(config.name),
        task=order.task,
        home=str(home.root),
        config=to_dict(config),
        kind=order.kind,
        contenders=contenders,
        seeds=tuple(range(config.training.seed, config.training.seed + order.seeds)),
        epochs=order.epochs,
        transformed=_transformed(order, home),
    )


def _transformed(order: ComparisonOrder, home: Home) -> Transformed | None:
    """Returns the examples of the latest run; None where there are none, or where other ones are asked for."""
    others = [key for key in order.overrides if not key.startswith("training.")]
    if others or tasks.load(order.task).embedding.enabled or not home.metadata_db.exists():
        return None
    return transformed.latest(home.metadata_db, order.task)


def _compare(order: ComparisonOrder, request: ComparisonRequest, folder: Path, worker: Sequence[str]) -> int:
    names = [one.name for one in request.contenders]
    board = board_for(console(), title_of(order.kind), names, len(request.seeds), quiet=order.as_json)
    state = watched(request, folder, worker, board)
    found = Comparison.read(folder)
    if found:
        _print(order, found, folder)
    return 0 if state.exit_code == 0 else failed(state, "The comparison failed.", folder, order.debug)


def _print(order: ComparisonOrder, found: Comparison, folder: Path) -> None:
    from pipeline.comparison import plot

    picture = plot.write(folder, found)
    if order.as_json:
        facts = {key: value for key, value in to_dict(found).items() if key != "trainings"}
        facts["epochs"] = found.epochs
        standings = [dataclasses.asdict(one) for one in found.standings()]
        click.echo(json.dumps({**facts, "standings": standings, "folder": str(folder)}, indent=2))
        return
    screen = console()
    seeds = f"seed{'' if len(found.seeds) == 1 else 's'} {', '.join(map(str, found.seeds))}"
    screen.print(
        f"{found.task}: {_epochs_text(found)}, {seeds}, examples of {found.run}. "
        "Values of the best epoch; mean ± standard deviation over the seeds.\n",
        soft_wrap=True,
    )
    screen.print(standings_table(found))
    click.echo(f"\nPicture  {shown(picture)}\nLog      {shown(folder / LOG_FILE)}")


def _epochs_text(found: Comparison) -> str:
    lengths = {len(values) for one in found.trainings for values in one.history.values()}
    return f"{'' if len(lengths) < 2 else 'at most '}{found.epochs} epochs"
