"""The process that holds TensorFlow: makes the data ready, builds the DAG, runs its nodes, reports what happens.

    python -m pipeline.runner.worker RUN_FOLDER

Reads the request in the run's folder, appends events to the file named by `SLIPWAY_EVENTS`, logs to its standard output
and error, and exits with the run's exit code.
"""

import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from components import progress
from components.errors import DataRefused, NotBlessed, UsageError
from components.settings import from_dict
from pipeline.config import TaskConfig
from pipeline.home import Home
from pipeline.runner.failure import Interrupted, as_error
from pipeline.runner.request import RunRequest

if TYPE_CHECKING:
    from pipeline.runner.nodes import NodeResult, Nodes

OUTCOMES = {
    UsageError.exit_code: "usage",
    DataRefused.exit_code: "refused",
    NotBlessed.exit_code: "not_blessed",
    Interrupted.exit_code: "interrupted",
}


def main(folder: Path) -> int:
    """Runs the request in a run's folder and returns the exit code."""
    return report(lambda: run(RunRequest.read(folder)))


def report(work: Callable[[], str]) -> int:
    """Does what a worker is there for, tells the watching process how it ended, and returns the exit code.

    Args:
        work: Does it and returns the outcome.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        outcome = work()
    except Exception as error:  # noqa: BLE001 (whatever it was, the watching process must hear of it)
        traceback.print_exc()
        known = as_error(error)
        return _finish(OUTCOMES.get(known.exit_code, "failed"), known.exit_code, str(known))
    return _finish(outcome, 0)


def _interrupt(number: int, _: object) -> None:
    raise Interrupted("The run was interrupted.", received=signal.Signals(number).name, fix="Run again to go on.")


def _finish(outcome: str, exit_code: int, message: str | None = None) -> int:
    progress.emit("run_finished", outcome=outcome, exit_code=exit_code, message=message)
    return exit_code


def run(request: RunRequest) -> str:
    """Runs a request to its end.

    Returns:
        `pushed`, or `up_to_date` when nothing had to run.

    Raises:
        SlipwayError: The run did not end with a good model in place.
    """
    task = from_dict(TaskConfig, request.config)
    logging.basicConfig(level=task.runner.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    home = Home.open(request.home)
    _keep_trackers_at_home(home)
    # TensorFlow is imported from here on: a request that is broken has been refused by now.
    from pipeline.runner.nodes import Nodes
    from pipeline.runner.prepare import prepare
    from pipeline.runner.verdict import Verdict

    pipeline = prepare(task, home, enable_cache=not request.options.no_cache)
    nodes = Nodes(pipeline, request.run_id, request.options.from_node, request.options.to_node)
    progress.emit("run_started", run_id=request.run_id, task=task.name, nodes=nodes.ids)
    verdict = Verdict(task)
    for node_id in nodes.ids:
        verdict.add(node_id, run_node(nodes, node_id))
    return verdict.outcome()


def _keep_trackers_at_home(home: Home) -> None:
    """Sets where experiment trackers keep their runs, unless the environment says so."""
    os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{home.root.absolute() / 'mlflow.db'}")
    os.environ.setdefault("WANDB_DIR", str(home.root.absolute()))
    os.environ.setdefault("WANDB_CACHE_DIR", str(home.root.absolute() / "wandb" / "cache"))


def run_node(nodes: "Nodes", node_id: str) -> "NodeResult":
    """Runs a node and reports its start and its end."""
    progress.emit("node_started", node=node_id)
    start = time.monotonic()
    try:
        result = nodes.run(node_id)
    except Exception as error:
        message = str(as_error(error, node_id))
        progress.emit("node_finished", node=node_id, state="failed", seconds=time.monotonic() - start, message=message)
        raise as_error(error, node_id) from error
    state = "cached" if result.cached else "complete"
    progress.emit("node_finished", node=node_id, state=state, seconds=time.monotonic() - start)
    return result


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
