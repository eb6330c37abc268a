"""One run of a task's pipeline: compiled in a child, its nodes run several at a time, its leftovers removed."""

import functools
import os
from pathlib import Path
from typing import Any

from ml_metadata.proto.metadata_store_pb2 import ConnectionConfig

from components import progress
from pipeline.config import TaskConfig
from pipeline.home import Home
from pipeline.runner import child, leftovers, nodes, reports, up_to_date
from pipeline.runner.compiled import Compiled
from pipeline.runner.parallel import Ended, Parallel
from pipeline.runner.prepare import connection, prepare
from pipeline.runner.reports import PUSHER
from pipeline.runner.request import LOG_FILE, PIPELINE_FILE, RunOptions
from pipeline.runner.shared_metadata import SharedMetadata
from pipeline.runner.up_to_date import LastRun


def run_pipeline(task: TaskConfig, home: Home, run_id: str, options: RunOptions, folder: Path) -> Ended:
    """Runs a task's pipeline and returns how its nodes ended.

    Args:
        task: The task.
        home: Its home.
        run_id: The name of the run.
        options: Which nodes run, and how.
        folder: The run's folder, for its logs.

    Raises:
        SlipwayError: The configuration or the data are at fault; no node was started.
    """
    store, log, file = connection(home), folder / LOG_FILE, folder / PIPELINE_FILE
    inputs = child.run("prepare", functools.partial(_compile, task, home, run_id, options, file), log)
    compiled = Compiled.parse(file.read_bytes())
    progress.emit("run_started", run_id=run_id, task=task.name, nodes=list(compiled.nodes))
    if compiled.takes_over:
        child.run("snapshot", lambda: nodes.take_over_latest_run(compiled, store), log)
    work = functools.partial(_work, compiled, store, task, home)
    ended = Parallel(compiled.upstream, work, folder, options.jobs or os.cpu_count() or 1, task.runner.nodes).run()
    if ended.errors or ended.interrupted:
        child.run("leftovers", lambda: _close(compiled, store, task, home, ended.interrupted), log)
    elif inputs and (pushed_to := ended.told.get(PUSHER, {}).get("pushed_to")):
        uris = [uri for told in ended.told.values() for key in told["uris"].values() for uri in key]
        up_to_date.remember(home, task.name, LastRun(run_id, Path(pushed_to)), inputs, uris)
    return ended


def _compile(task: TaskConfig, home: Home, run_id: str, options: RunOptions, file: Path) -> dict[str, Any] | None:
    """Writes the IR to a file, and returns what decides on the run's results; None for a part of the pipeline."""
    prepared = prepare(task, home, enable_cache=not options.no_cache)
    compiled = Compiled.of(prepared.pipeline, run_id, options.from_node, options.to_node)
    beside = file.with_suffix(".part")
    beside.write_bytes(compiled.serialize())
    beside.replace(file)
    if len(compiled.nodes) == len(compiled.ir.nodes):
        return up_to_date.inputs(task, prepared.source, compiled.roots)
    return None


def _work(
    compiled: Compiled, store: ConnectionConfig, task: TaskConfig, home: Home, node: str, attempt: int
) -> dict[str, Any]:
    """Runs a node in its process and tells what the run's outcome depends on."""
    if attempt > 1:
        _close(compiled, store, task, home, canceled=False)
    result = nodes.run_node(compiled, node, store)
    uris = {key: [str(artifact.uri) for artifact in artifacts] for key, artifacts in result.outputs.items()}
    return {"cached": result.cached, "uris": uris, **reports.report(node, result, task)}


def _close(compiled: Compiled, store: ConnectionConfig, task: TaskConfig, home: Home, canceled: bool) -> None:
    run_id = compiled.ir.runtime_spec.pipeline_run_id.field_value.string_value
    reason = "The run was interrupted." if canceled else "Its process came to a sudden end."
    with SharedMetadata(store) as handle:
        leftovers.close(handle.store, run_id, reason, home.pipelines(task.name), canceled)
