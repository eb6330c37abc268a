"""The process that trains: each contender on the same seeds, one training after the other.

    python -m pipeline.comparison.worker REPORT_FOLDER

Reports as `pipeline.runner.worker` does, with `training_started`, `epoch` and `training_finished` for each training,
and writes the results so far after each.
"""

import dataclasses
import itertools
import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

import keras
from tfx.components.trainer.fn_args_utils import FnArgs

from components import progress
from components.errors import ComponentFailed
from components.settings import from_dict
from components.trainer import callbacks
from components.trainer.config import TrainingConfig
from components.trainer.run_fn import train
from components.trainer.validate import validate
from pipeline.comparison.comparison import Comparison, Training
from pipeline.comparison.request import ComparisonRequest
from pipeline.config import TaskConfig
from pipeline.home import Home
from pipeline.lineage.transformed import Transformed
from pipeline.runner import child, verified
from pipeline.runner.pipeline_run import PipelineRun
from pipeline.runner.request import LOG_FILE, RunOptions
from pipeline.runner.worker import outcome, report

TRANSFORM, EMBEDDER = "Transform", "Embedder"


def compare(folder: Path) -> str:
    """Does what the request in a folder asks for.

    Raises:
        SlipwayError: The configuration is at fault, there are no examples, or no training came to its end.
    """
    request = ComparisonRequest.read(folder)
    task = from_dict(TaskConfig, request.config)
    logging.basicConfig(level=task.runner.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # In a child: this runs TensorFlow, and the nodes must be forked from a process that has not.
    child.run("validate", lambda: _validate(task, request), folder / LOG_FILE)
    data = request.transformed or _transformed(task, request, folder)
    fn_args = FnArgs(
        train_files=[data.files("train")],
        eval_files=[data.files("eval")],
        transform_output=data.graph,
    )
    watched = task.training.callbacks
    found = Comparison(
        task.name, request.kind, data.run, watched.monitor, watched.mode, request.contenders, request.seeds
    )
    # Seed by seed, so that all are known a little early on, and a machine that slows down slows all of them.
    rounds = list(itertools.product(request.seeds, request.contenders))
    for number, (seed, contender) in enumerate(rounds, start=1):
        about = {"name": contender.name, "seed": seed, "training": number, "trainings": len(rounds)}
        progress.emit("training_started", **about)
        training = _train(contender.name, contender.training(task, seed, request.epochs), fn_args)
        found = dataclasses.replace(found, trainings=(*found.trainings, training))
        found.write(folder)
        value = None if training.error else found.best(training)[found.monitor]
        progress.emit("training_finished", **about, metric=found.monitor, value=value, message=training.error)
    if all(training.error for training in found.trainings):
        raise ComponentFailed("One training at least must come to its end.", received=found.trainings[-1].error)
    return "compared"


def _train(name: str, config: TrainingConfig, fn_args: FnArgs) -> Training:
    clock = Clock()
    try:
        trained = train(config, fn_args, [clock, *callbacks.create(config.callbacks, Path())])
    except ComponentFailed as error:
        # A rate that is too high for an optimizer is a result, too.
        return Training(name, config.seed, history={}, error=str(error))
    history = {name: [float(value) for value in values] for name, values in trained.course.history.items()}
    parameters = sum(math.prod(variable.shape) for variable in trained.model.trainable_variables)
    return Training(name, config.seed, history, clock.epochs_per_second, parameters)


def _validate(task: TaskConfig, request: ComparisonRequest) -> None:
    for contender in request.contenders:
        validate(contender.training(task, request.seeds[0], request.epochs))


def _transformed(task: TaskConfig, request: ComparisonRequest, folder: Path) -> Transformed:
    """Runs the pipeline up to the node that makes what is trained on."""
    last = EMBEDDER if task.embedding.enabled else TRANSFORM
    home = Home.open(request.home)
    source = verified.source(verified.start(task, home, folder / LOG_FILE))
    ended = PipelineRun(task, home, request.run_id, RunOptions(to_node=last), folder, source).run()
    outcome(ended)
    uris = ended.told[last]["uris"]
    graph, examples = (uris[key][0] for key in ("transform_graph", "transformed_examples"))
    return Transformed(request.run_id, graph, examples)


class Clock(keras.callbacks.Callback):
    """Measures how fast epochs are."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds: list[float] = []
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._seconds.append(time.perf_counter() - self._began)

    @property
    def epochs_per_second(self) -> float:
        """The mean without the first epoch, in which the functions are built, where there are more."""
        measured = self._seconds[1:] or self._seconds
        return len(measured) / sum(measured)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.exit(report(lambda: compare(folder)))
