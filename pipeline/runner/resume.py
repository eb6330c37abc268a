"""A run that goes on where the latest one of its task stopped, whatever stopped it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import UsageError
from components.settings import from_dict
from pipeline.config import TaskConfig, override
from pipeline.home import Home
from pipeline.runner.request import REQUEST_FILE, RunRequest

if TYPE_CHECKING:
    from pipeline.runner.launch import Order


def resumed(order: "Order") -> tuple["Order", TaskConfig]:
    """Returns what the latest run of a task was asked for, with its configuration.

    Its nodes that ended well are found in the cache, also where it ran without one; the Trainer goes on from the last
    epoch that it finished.

    Args:
        order: Names the task and the home; its overrides come on top of those of the run.

    Raises:
        UsageError: There was none.
    """
    home = Home.existing(order.home)
    folder = latest(home, order.task)
    if folder is None:
        raise UsageError(
            "There must be a run to go on with.",
            received=f"no run of {order.task} in home={home.root}",
            fix="Leave --resume out.",
        )
    request = RunRequest.read(folder)
    config = override(from_dict(TaskConfig, request.config), order.overrides)
    options = replace(
        request.options,
        no_cache=False,
        jobs=order.options.jobs or request.options.jobs,
        force_bless=order.options.force_bless or request.options.force_bless,
    )
    return replace(order, options=options, overrides=(*request.overrides, *order.overrides)), config


def latest(home: Home, task: str) -> Path | None:
    """Returns the folder of a task's latest run; None if there is none."""
    # Names of runs sort by time.
    folders = (file.parent for file in sorted(home.runs.glob(f"[0-9]*/{REQUEST_FILE}"), reverse=True))
    return next((folder for folder in folders if RunRequest.read(folder).task == task), None)
