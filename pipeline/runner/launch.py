"""A run from the watching side: the request, the worker, the picture, the summary, the exit code."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from components.errors import ComponentFailed
from components.settings import to_dict
from components.trainer import consistency
from pipeline import beam, data_source, tasks
from pipeline.config import TaskConfig, override
from pipeline.home import Home, new_run_id
from pipeline.runner import stores, up_to_date
from pipeline.runner.display import LiveTable, display_for
from pipeline.runner.failure import Interrupted
from pipeline.runner.next_steps import NextSteps, shown
from pipeline.runner.request import RunOptions, RunRequest
from pipeline.runner.resume import resumed
from pipeline.runner.summary import print_summary, result_line
from pipeline.runner.task_lock import is_clean, only_run
from pipeline.runner.up_to_date import LastRun
from pipeline.runner.watched import failed, log_of, watched
from pipeline.runner.worker_process import WORKER
from pipeline.terminal import console

DRY_RUN_FOLDER = ".dry-run"
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Order:
    """A run as the command line asks for it.

    Args:
        task: The task's name.
        home: The home directory; None takes `$SLIPWAY_HOME` or `.slipway`.
        overrides: `key=value` each.
        beam_args: Beam's options, as `pipeline.beam.added` reads them.
        options: Which nodes run, and how.
        resume: Whether the latest run of the task goes on, with its configuration and its options.
        quiet: Whether only the last line is printed.
        debug: Whether the traceback of an error is printed.
    """

    task: str
    home: str | None = None
    overrides: tuple[str, ...] = ()
    beam_args: tuple[str, ...] = ()
    options: RunOptions = field(default_factory=RunOptions)
    resume: bool = False
    quiet: bool = False
    debug: bool = False


def launch(order: Order, worker: Sequence[str] = WORKER) -> int:
    """Runs a task to its end, shows it, and says what it came to.

    Args:
        order: What to run.
        worker: The worker's command, which gets the run's folder as its last argument.

    Returns:
        The exit code.

    Raises:
        UsageError: The task, an override, the search space, the data folder or the home is at fault, or the task is
            running. No worker was started.
    """
    order, config = resumed(order) if order.resume else (order, override(tasks.load(order.task), order.overrides))
    config = replace(config, runner=beam.added(config.runner, order.beam_args))
    _check(config)
    home = Home.open(order.home)
    stores.check(config, home, order.options)
    # After a run that was killed there is something to do: to tidy up.
    plain = _is_plain(order.options) and is_clean(home, order.task)
    if plain and (last := up_to_date.find(home, config)):
        return _nothing_to_do(order, last)
    request = _request(order, config, home)
    if order.options.dry_run:
        return _run(order, config, home, request, _fresh(home.runs / DRY_RUN_FOLDER), worker)
    with only_run(home, order.task, request.run_id) as unfinished:
        for run_id in unfinished:
            _tidy(home, config, run_id)
        return _run(order, config, home, request, home.run(request.run_id), worker)


def _fresh(folder: Path) -> Path:
    """Returns a folder without what was in it: of dry runs the latest log is kept."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _check(config: TaskConfig) -> None:
    consistency.check(config.training)
    config.push.check()
    config.tuning.check(config.training)
    if config.data.path is not None:
        data_source.find(config.data.path, config.data.splits, config.data.eval_share)


def _is_plain(options: RunOptions) -> bool:
    """Returns whether a run with these options may have nothing to do."""
    return options == RunOptions(jobs=options.jobs, dry_run=options.dry_run, runner=options.runner)


def _nothing_to_do(order: Order, last: LastRun) -> int:
    screen = console()
    screen.print(f"Up to date: version {last.pushed_to.name} in {shown(last.pushed_to)}", soft_wrap=True)
    if not order.quiet:
        screen.print(f"Nothing has changed since run {last.run_id}.", soft_wrap=True)
    return 0


def _run(order: Order, config: TaskConfig, home: Home, request: RunRequest, folder: Path, worker: Sequence[str]) -> int:
    screen = console()
    display = display_for(screen, order.quiet)
    state = watched(request, folder, worker, display)
    if state.exit_code in (ComponentFailed.exit_code, Interrupted.exit_code):
        _tidy(home, config, request.run_id, canceled=state.exit_code == Interrupted.exit_code)
    if not order.quiet and state.outcome != "usage":
        steps = NextSteps(home, order.task, request.run_id, config.runner.metadata)
        sample = _sample(config, folder) if state.pushed_to and state.exit_code == 0 else None
        print_summary(screen, state, log_of(state, folder), steps, sample, nodes=not isinstance(display, LiveTable))
    if state.exit_code != 0:
        return failed(state, result_line(state), folder, order.debug)
    if order.quiet:
        screen.print(result_line(state), soft_wrap=True)
    return 0


def _tidy(home: Home, config: TaskConfig, run_id: str, canceled: bool = False) -> None:
    # ML Metadata is imported only where something has gone wrong. On PostgreSQL it would tell of each connection.
    os.environ.setdefault("GLOG_minloglevel", "1")
    from pipeline.runner.tidy import tidy

    tidy(home, stores.store_of(config, home), config.name, run_id, canceled)


def _request(order: Order, config: TaskConfig, home: Home) -> RunRequest:
    return RunRequest(
        run_id=new_run_id(config.name),
        task=config.name,
        home=str(home.root),
        config=to_dict(config),
        overrides=order.overrides,
        options=order.options,
    )


def _sample(config: TaskConfig, folder: Path) -> Path:
    # Imported after the run: the worker need not wait for the protocol buffers that it reads.
    from pipeline.runner.serving_request import write_request

    return write_request(folder, PROJECT / config.schema.path, *config.evaluation.labels)
