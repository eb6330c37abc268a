"""A step in the place of a resolver: hands on what the pointer names, or an artifact that stands for none.

python -m pipeline.kubeflow_code step.resolve --name TASK --executor_input {{$}}
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.errors import SlipwayError
from kubeflow import pointer
from kubeflow.step.executor_input import ABSENT, local_path
from kubeflow.step.record import ORIGIN, RESOLVER, StepRecord
from pipeline.terminal import print_error

# TFX's compiler makes two tasks of one resolver and adds to their names (TFX/step_builder.py:636).
_MODEL = "-model-resolver"

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Copies what is asked for, writes the ExecutorOutput and returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--name", required=True)
    parser.add_argument("--executor_input", required=True, type=json.loads)
    parser.add_argument("--records")
    options = parser.parse_args(arguments)
    try:
        run(options.name, options.executor_input, options.records)
    except (SlipwayError, OSError) as error:
        print_error(str(error))
        return error.exit_code if isinstance(error, SlipwayError) else 1
    return 0


def run(name: str, given: dict[str, Any], records: str | None = None) -> None:
    """Resolves every output of a resolver.

    Args:
        name: The resolver.
        given: KFP's executor input.
        records: Where steps leave what they did; None where nobody asks.
    """
    folder = Path(given["inputs"]["parameterValues"]["folder"])
    found, origins = {}, {}
    for key, artifacts in given["outputs"]["artifacts"].items():
        target = Path(local_path(artifacts["artifacts"][0]["uri"]))
        metadata = pointer.copy(folder, f"{name}.{key}", target)
        _log.info("%s: %s", key, "nothing has been pushed yet" if metadata is None else f"what {folder} points to")
        if metadata is None:
            metadata = {ABSENT: 1}
            target.mkdir(parents=True, exist_ok=True)
            (target / ABSENT).touch()
        elif ORIGIN in metadata:
            origins[artifacts["artifacts"][0]["uri"]] = metadata[ORIGIN]
        found[key] = {"artifacts": [{"metadata": metadata}]}
    StepRecord(records, name.removesuffix(_MODEL), RESOLVER, given).resolved(origins)
    file = Path(given["outputs"]["outputFile"])
    file.parent.mkdir(parents=True, exist_ok=True)
    pointer.replace_text(file, json.dumps({"artifacts": found}, sort_keys=True))


if __name__ == "__main__":
    sys.exit(main())
