"""The worker's side of `pipeline.runner.ask`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.runner.ask import ANSWER_FILE
from pipeline.runner.request import REQUEST_FILE
from pipeline.runner.worker import report


def answer(folder: Path, function: Callable[[dict[str, Any]], Any]) -> int:
    """Answers the question in a folder and returns the exit code.

    Args:
        folder: The folder.
        function: From the question to the answer.
    """

    def work() -> str:
        found = function(json.loads((folder / REQUEST_FILE).read_text()))
        (folder / ANSWER_FILE).write_text(json.dumps(found))
        return "answered"

    return report(work)
