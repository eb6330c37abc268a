"""A measurement of the input from the watching side: the request, the worker, the tables, the picture."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click
import psutil

from components.errors import UsageError
from components.settings import to_dict
from pipeline import tasks
from pipeline.commands.table import print_table
from pipeline.config import override
from pipeline.home import Home, new_run_id
from pipeline.input.finding import NEGLIGIBLE_WAIT, STEP, Finding, Setting
from pipeline.input.request import InputRequest
from pipeline.lineage import transformed
from pipeline.lineage.transformed import Transformed
from pipeline.runner.display import Silence
from pipeline.runner.next_steps import shown
from pipeline.runner.request import LOG_FILE
from pipeline.runner.watched import failed, watched

WORKER = (sys.executable, "-m", "pipeline.input.worker")


@dataclass(frozen=True)
class InputOrder:
    """A measurement as the command line asks for it.

    Args:
        task: The task's name.
        home: The home directory; None takes `$SLIPWAY_HOME` or `.slipway`.
        overrides: `key=value` each, of the training only.
        memory_mb: Mebibytes that a fix may take; None takes half of what is free.
        batches: Batches of each measurement.
        as_json: Whether nothing but JSON is printed on standard output.
        debug: Whether the traceback of an error is printed.
    """

    task: str
    home: str | None = None
    overrides: tuple[str, ...] = ()
    memory_mb: int | None = None
    batches: int = 100
    as_json: bool = False
    debug: bool = False


def launch(order: InputOrder, worker: Sequence[str] = WORKER) -> int:
    """Measures, shows what was found, and returns the exit code.

    Args:
        order: What to measure.
        worker: The worker's command, which gets the report's folder as its last argument.

    Raises:
        UsageError: The task, an override or the home is at fault, or nothing was transformed. No worker was started.
    """
    for one in order.overrides:
        if not one.startswith("training."):
            raise UsageError(
                "What is measured are the examples of the latest run; only the training can be overridden.",
                received=one,
                fix=f"Run `slipway run {order.task} --to Transform` with it first.",
            )
    config = override(tasks.load(order.task), order.overrides)
    home = Home.existing(order.home)
    free = psutil.virtual_memory().available // 2**20
    request = InputRequest(
        run_id=new_run_id(config.name),
        task=order.task,
        config=to_dict(config),
        transformed=_transformed(order.task, home),
        memory_mb=free // 2 if order.memory_mb is None else order.memory_mb,
        batches=order.batches,
    )
    return _measure(order, request, home, worker)


def _transformed(task: str, home: Home) -> Transformed:
    found = transformed.latest(home.metadata_db, task)
    if found is None:
        raise UsageError(
            "There must be transformed examples to read.",
            received=f"no Transform of {task} in {home.root}",
            fix=f"Run `slipway run {task} --to Transform` first.",
        )
    return found


def _measure(order: InputOrder, request: InputRequest, home: Home, worker: Sequence[str]) -> int:
    from pipeline.input import plot

    folder = home.reports / f"input-{request.run_id}"
    state = watched(request, folder, worker, Silence())
    found = Finding.read(folder)
    if state.exit_code != 0 or found is None:
        return failed(state, "The measurement failed.", folder, order.debug)
    picture = plot.write(folder, found)
    if home.run(found.run).is_dir():
        found.write(home.run(found.run))
    if order.as_json:
        click.echo(json.dumps({**to_dict(found), "bottleneck": found.bottleneck, "folder": str(folder)}, indent=2))
    else:
        _print(found)
        click.echo(f"\nPicture  {shown(picture)}\nLog      {shown(folder / LOG_FILE)}")
    return 0


def _print(found: Finding) -> None:
    click.echo(f"{found.task}: {found.rows:,} rows in batches of {found.batch_size}, examples of {found.run}\n")
    print_table(
        {
            "Stage": [one.name for one in found.stages],
            "ms a batch": ["-" if one.milliseconds is None else f"{one.milliseconds:.3f}" for one in found.stages],
            "": [one.note for one in found.stages],
        },
        right=["ms a batch"],
    )
    click.echo()
    settings = found.settings
    print_table(
        {
            "Input": [one.name for one in settings],
            "ms a batch": [f"{one.milliseconds:.3f}" for one in settings],
            "Examples/s": [f"{1000 * found.batch_size / one.milliseconds:,.0f}" for one in settings],
            "MiB held": ["-" if one.memory_mb is None else f"{one.memory_mb:,.1f}" for one in settings],
            "ms a step": ["" if one.step_milliseconds is None else f"{one.step_milliseconds:.3f}" for one in settings],
            "Waits": ["" if one.wait is None else f"{one.wait:.1%}" for one in settings],
        },
        right=["ms a batch", "Examples/s", "MiB held", "ms a step", "Waits"],
    )
    click.echo(f"\nBottleneck  {_bottleneck(found)}\nNext        {_advice(found)}")


def _bottleneck(found: Finding) -> str:
    wait = f"{found.before.wait or 0:.1%} of a step's time is waiting for input"
    return f"the step itself: {wait}" if found.bottleneck == STEP else f"{found.bottleneck}: {wait}"


def _advice(found: Finding) -> str:
    if found.best:
        keys = " ".join(f"--set training.{key}={json.dumps(value)}" for key, value in found.after.overrides.items())
        return f"{keys}: {_times(found.before, found.after)}"
    if (found.before.wait or 0) < NEGLIGIBLE_WAIT:
        return "nothing to mend in the input; a smaller or compiled model, or a GPU, makes steps faster"
    return f"no setting within {found.memory_mb:,} MiB makes it faster; fewer or smaller features would"


def _times(before: Setting, after: Setting) -> str:
    return (
        f"{before.milliseconds / after.milliseconds:.1f} times as fast, waiting {before.wait or 0:.1%} before and "
        f"{after.wait or 0:.1%} after"
    )
