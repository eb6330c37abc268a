"""A worker without TensorFlow: python fake_worker.py SCENARIO REPORT_FOLDER."""

import itertools
import sys
from pathlib import Path

from components import progress
from pipeline.comparison.comparison import Comparison, Training
from pipeline.comparison.request import ComparisonRequest


def compared(folder: Path) -> int:
    """The loss of a contender is a tenth of its number, and a little more with each seed."""
    request = ComparisonRequest.read(folder)
    trainings = []
    rounds = itertools.product(request.seeds, enumerate(request.contenders, start=1))
    for training, (seed, (number, one)) in enumerate(rounds, start=1):
        about = {"name": one.name, "seed": seed, "training": training, "trainings": 4}
        progress.emit("training_started", **about)
        value = number / 10 + seed / 100
        progress.emit("epoch", epoch=1, epochs=1, metrics={"loss": 0.1, "val_loss": value})
        progress.emit("training_finished", **about, metric="val_loss", value=value, message=None)
        trainings.append(Training(one.name, seed, {"val_loss": [value]}, 3.0))
    run = request.transformed.run if request.transformed else request.run_id
    Comparison("tiny", request.kind, run, "val_loss", "min", request.contenders, request.seeds, tuple(trainings)).write(
        folder
    )
    progress.emit("run_finished", outcome="compared", exit_code=0, message=None)
    return 0


def fails(folder: Path) -> int:
    progress.emit("run_finished", outcome="failed", exit_code=1, message="One training at least must come to its end.")
    return 1


if __name__ == "__main__":
    sys.exit(globals()[sys.argv[1]](Path(sys.argv[2])))
