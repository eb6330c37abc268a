"""The last step of a run, whatever became of it: records the final state beside the pushed versions.

python -m pipeline.kubeflow_code step.exit_handler --executor_input {{$}}
"""

import argparse
import json
import logging
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kubeflow import pointer
from pipeline.terminal import print_error

STATES = "runs"

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Records the state and returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--executor_input", required=True, type=json.loads)
    parser.add_argument("--metadata")
    parser.add_argument("--records", type=Path)
    parser.add_argument("--nodes", default={}, type=json.loads)
    options = parser.parse_args(arguments)
    values = options.executor_input["inputs"]["parameterValues"]
    try:
        record(values)
    except OSError as error:
        print_error(f"The final state must be written beside the pushed versions. Received: {error}.")
        return 1
    return write_lineage(values, options) if options.metadata else 0


def write_lineage(values: dict[str, Any], options: argparse.Namespace) -> int:
    """Writes the run into the metadata store and returns the exit code: what could not be written is tried again.

    Args:
        values: As for `record`, and `run`, the run's id.
        options: Where the store, the records of the steps and the nodes are.
    """
    # TFX takes seconds to import.
    from kubeflow.sink.sink import sink

    try:
        succeeded = _status(values).get("state") == "SUCCEEDED"
        sink(options.metadata, options.records, values["run"], options.nodes, succeeded)
    except Exception as error:  # noqa: BLE001 (ML Metadata and databases raise errors of their own)
        print_error(f"The run must be written into the metadata store. Received: {error}.", traceback.format_exc())
        return 1
    return 0


def _status(values: dict[str, Any]) -> dict[str, Any]:
    status = values.get("final_status") or {}
    return dict(json.loads(status) if isinstance(status, str) else status)


def record(values: dict[str, Any]) -> Path | None:
    """Writes `<folder>/.slipway/runs/<run>.json` and returns where it is, None if it is nowhere.

    Args:
        values: `final_status`, KFP's PipelineTaskFinalStatus as JSON text or as a mapping, and `folder`, which may be
            a bucket's: the state is only logged then.
    """
    status = _status(values)
    run = str(status.get("pipelineJobResourceName") or status.get("pipelineJobUuid") or "unknown").rpartition("/")[2]
    state = {
        "run": run,
        "state": status.get("state", "UNKNOWN"),
        "error": status.get("error", {}).get("message"),
        "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    _log.info("Run %s ended as %s", run, state["state"])
    if "://" in values["folder"]:
        return None
    file = Path(values["folder"]) / pointer.FOLDER / STATES / f"{run}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    pointer.replace_text(file, json.dumps(state, indent=2) + "\n")
    return file


if __name__ == "__main__":
    sys.exit(main())
