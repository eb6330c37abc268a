"""The process that imports TensorFlow and runs a pipeline in children of its own.

    python -m pipeline.runner.worker RUN_FOLDER

Reads the request in the run's folder, appends events to the file named by `SLIPWAY_EVENTS`, logs to its standard output
and error, and exits with the run's exit code.
"""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from components import progress
from components.errors import DataRefused, NotBlessed, UsageError
from components.settings import from_dict
from pipeline.config import TaskConfig
from pipeline.home import Home
from pipeline.runner import failure, verified, warm
from pipeline.runner.failure import Interrupted, as_error
from pipeline.runner.request import LOG_FILE, RunRequest

if TYPE_CHECKING:
    from pipeline.runner.parallel import Ended

PUSHER = "Pusher"
OUTCOMES = {
    UsageError.exit_code: "usage",
    DataRefused.exit_code: "refused",
    NotBlessed.exit_code: "not_blessed",
    Interrupted.exit_code: "interrupted",
}


def main(folder: Path) -> int:
    """Runs the request in a run's folder and returns the exit code."""
    return report(lambda: run(RunRequest.read(folder), folder))


def report(work: Callable[[], str]) -> int:
    """Does what a worker is there for, tells the watching process how it ended, and returns the exit code.

    Args:
        work: Does it and returns the outcome.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, failure.interrupt)
    try:
        outcome = work()
    except Exception as error:  # noqa: BLE001 (whatever it was, the watching process must hear of it)
        traceback.print_exc()
        known = as_error(error)
        return _finish(OUTCOMES.get(known.exit_code, "failed"), known.exit_code, str(known))
    return _finish(outcome, 0)


def _finish(outcome: str, exit_code: int, message: str | None = None) -> int:
    progress.emit("run_finished", outcome=outcome, exit_code=exit_code, message=message)
    return exit_code


def run(request: RunRequest, folder: Path) -> str:
    """Runs a request to its end.

    Args:
        request: What to run.
        folder: The run's folder.

    Returns:
        `pushed`, `up_to_date` when nothing had to run, or `dry_run`.

    Raises:
        SlipwayError: The run did not end with a good model in place.
    """
    task = from_dict(TaskConfig, request.config)
    logging.basicConfig(level=task.runner.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    home = Home.open(request.home)
    _keep_trackers_at_home(home)
    # TensorFlow is imported from here on: a request that is broken has been refused by now.
    warm.tensorflow()
    data = verified.start(task, home, folder / LOG_FILE)
    warm.imports()
    from pipeline.runner.pipeline_run import PipelineRun

    wanted = PipelineRun(task, home, request.run_id, request.options, folder, verified.source(data))
    if request.options.dry_run:
        wanted.dry_run()
        return "dry_run"
    return outcome(wanted.run())


def outcome(ended: "Ended") -> str:
    """Returns `pushed` or `up_to_date`.

    Raises:
        SlipwayError: The run was interrupted, a node failed, or the model was not blessed and nothing was pushed.
    """
    if ended.interrupted:
        raise Interrupted("The run was interrupted.", received="a signal", fix="Run again to go on.")
    # What else fails on refused data fails because of them, whichever came first.
    for error in sorted(ended.errors.values(), key=lambda error: error.exit_code != DataRefused.exit_code):
        raise error
    refusals = [told["refusal"] for told in ended.told.values() if told.get("refusal")]
    if refusals:
        raise NotBlessed(
            "A model is pushed when it is blessed.",
            received="; ".join(refusals),
            fix="Nothing was pushed; what was served before still is.",
        )
    pusher = ended.told.get(PUSHER)
    return "pushed" if pusher and not pusher["cached"] else "up_to_date"


def _keep_trackers_at_home(home: Home) -> None:
    """Sets where experiment trackers keep their runs, unless the environment says so."""
    os.environ.setdefault("MLFLOW_TRACKING_URI", f"sqlite:///{home.root.absolute() / 'mlflow.db'}")
    os.environ.setdefault("WANDB_DIR", str(home.root.absolute()))
    os.environ.setdefault("WANDB_CACHE_DIR", str(home.root.absolute() / "wandb" / "cache"))


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing is left to be done, and to take TensorFlow's modules down takes a second.
    os._exit(code)
