"""A question to the code in `kubeflow/`, in a process of its own: `{"module": ..., "arguments": {...}}`."""

import sys
from pathlib import Path
from typing import Any

from pipeline.kubeflow_code import import_code
from pipeline.runner.answer import answer


def ask_module(question: dict[str, Any]) -> Any:
    """Returns what `answer` of a module makes of the arguments."""
    return import_code(question["module"]).answer(question["arguments"])


if __name__ == "__main__":
    sys.exit(answer(Path(sys.argv[1]), ask_module))
