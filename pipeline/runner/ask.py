"""A question to a process that holds TensorFlow: JSON in, JSON out, and errors as if they had been raised here."""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.errors import SlipwayError
from pipeline.runner import log
from pipeline.runner.events import append, event
from pipeline.runner.request import EVENTS_FILE, LOG_FILE, make_folder
from pipeline.runner.supervise import supervise
from pipeline.terminal import console

ANSWER_FILE = "answer.json"


class WorkerTraceback(Exception):
    """Where an error was raised in the other process; `--debug` shows it as the cause."""


def ask(module: str, question: Mapping[str, Any], waiting: str) -> Any:
    """Runs a module as a worker and returns its answer.

    Args:
        module: A module that ends in `sys.exit(answer(Path(sys.argv[1]), function))`.
        question: JSON values for the function.
        waiting: What is shown on a terminal meanwhile.

    Raises:
        SlipwayError: What the worker raised, with its exit code.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-") as name:
        folder = Path(name)
        make_folder(folder, dict(question))
        append(folder / EVENTS_FILE, event("launched", run_id=module, task=""))
        with console(stderr=True).status(waiting):
            state = supervise([sys.executable, "-m", module, name], folder, lambda *_: None)
        if state.exit_code:
            error = SlipwayError(state.message or "The worker failed.")
            error.exit_code = state.exit_code
            raise error from WorkerTraceback(log.last_traceback(folder / LOG_FILE) or "no traceback")
        return json.loads((folder / ANSWER_FILE).read_text())
