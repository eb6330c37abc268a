"""The process that measures the input of a training.

    python -m pipeline.input.worker REPORT_FOLDER

Reports as `pipeline.runner.worker` does, and writes the finding into the folder.
"""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from components.settings import from_dict
from components.trainer.validate import validate
from pipeline.config import TaskConfig
from pipeline.input.finding import WORTH_IT, Finding, Setting
from pipeline.input.fixes import AS_IT_IS, fixes
from pipeline.input.measure import Measurement
from pipeline.input.request import InputRequest
from pipeline.runner.worker import report


def measure(folder: Path) -> str:
    """Does what the request in a folder asks for.

    Raises:
        SlipwayError: The configuration is at fault, or the examples cannot be read.
    """
    request = InputRequest.read(folder)
    task = from_dict(TaskConfig, request.config)
    logging.basicConfig(level=task.runner.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    validate(task.training)
    measured = Measurement(task.training, request.transformed, request.batches)
    stages = tuple(measured.stages())
    changes = fixes(task.training, measured.in_memory, measured.parsed_mb, request.memory_mb)
    settings = [measured.setting(name, overrides) for name, overrides in {AS_IT_IS: {}, **changes}.items()]
    settings[0] = measured.trained(settings[0])
    best = _fastest(settings)
    if best:
        settings[best] = measured.trained(settings[best])
    Finding(
        task.name,
        request.transformed.run,
        measured.rows,
        task.training.batch_size,
        request.memory_mb,
        stages,
        tuple(settings),
        best if _helps(settings[best], settings[0]) else 0,
    ).write(folder)
    return "measured"


def _fastest(settings: Sequence[Setting]) -> int:
    """Returns the place of the fastest stream, if it is worth a change."""
    fastest = min(range(len(settings)), key=lambda number: settings[number].milliseconds)
    return fastest if settings[0].milliseconds > WORTH_IT * settings[fastest].milliseconds else 0


def _helps(after: Setting, before: Setting) -> bool:
    """Says whether training is faster for a change of its input."""
    return (after.step_milliseconds or 0) < (before.step_milliseconds or 0)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.exit(report(lambda: measure(folder)))
