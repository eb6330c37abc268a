"""Runs the small pipeline on BeamDagRunner, in a process that has run nothing: python on_beam.py FOLDER TEXT RUN_ID."""

import json
import os
import sys
from pathlib import Path

from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from two_components import Copy, Write

from components import progress
from pipeline.config import RunnerConfig
from pipeline.runner import beam_runner, child
from pipeline.runner.compiled import Compiled
from pipeline.runner.nodes import NodeResult
from pipeline.runner.state import fold


def report(_node: str, result: NodeResult) -> dict[str, object]:
    return {"cached": result.cached, "uris": [artifact.uri for kept in result.outputs.values() for artifact in kept]}


def main(folder: Path, text: str, run_id: str) -> None:
    events = folder / f"{run_id}.jsonl"
    os.environ[progress.EVENTS_VARIABLE] = str(events)
    write = Write(text=text)
    store = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))
    parts = [write, Copy(original=write.outputs["written"])]
    pipeline = Pipeline("two", str(folder / "root"), store, parts, enable_cache=True)
    compiled = Compiled.of(pipeline, run_id)
    errors = beam_runner.failure_of(
        lambda: child.run(
            "beam", lambda: beam_runner.run_on_beam(compiled, store, RunnerConfig().beam_args), folder / "log"
        )
    )
    told = child.run("results", lambda: beam_runner.results(compiled, store, report), folder / "log")
    state = fold(json.loads(line) for line in events.read_text().splitlines())
    states = {node.id: node.state for node in state.nodes.values()}
    print(json.dumps({"errors": [str(error) for error in errors.values()], "told": told, "states": states}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
