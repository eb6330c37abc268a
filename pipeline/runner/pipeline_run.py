"""One run of a task's pipeline: compiled in a child, its nodes run several at a time, its leftovers removed."""

import os
from functools import partial
from pathlib import Path
from typing import Any

from components import progress
from components.whole_file import whole_file
from pipeline.config import RunnerConfig, TaskConfig
from pipeline.data_source import DataSource
from pipeline.home import Home
from pipeline.runner import child, dry_run, leftovers, nodes, postgresql_indexes, reports, up_to_date
from pipeline.runner.compiled import Compiled
from pipeline.runner.nodes import NodeResult
from pipeline.runner.parallel import Ended, Parallel
from pipeline.runner.prepare import connection, prepare
from pipeline.runner.reports import PUSHER
from pipeline.runner.request import BEAM, LOG_FILE, PIPELINE_FILE, TEMPORARY_FOLDER, RunOptions
from pipeline.runner.shared_metadata import SharedMetadata
from pipeline.runner.stores import store_of
from pipeline.runner.up_to_date import LastRun


class PipelineRun:
    """A run of a task's pipeline, in a process that has imported TFX and run nothing.

    Args:
        task: The task.
        home: Its home.
        run_id: The name of the run.
        options: Which nodes run, and how.
        folder: The run's folder, for its logs.
        source: The task's TFRecords.
    """

    def __init__(
        self, task: TaskConfig, home: Home, run_id: str, options: RunOptions, folder: Path, source: DataSource
    ) -> None:
        self._task, self._home, self._run_id, self._options = task, home, run_id, options
        self._folder, self._source = folder, source
        self._store = connection(task, home)
        self._log = folder / LOG_FILE

    def run(self) -> Ended:
        """Runs the nodes and returns how they ended.

        Raises:
            SlipwayError: The configuration or the data are at fault; no node was started.
        """
        artifacts = self._home.pipelines(self._task.name)
        inputs = child.run("prepare", lambda: self._compile(artifacts), self._log)
        compiled = self._started()
        if compiled.takes_over:
            child.run("snapshot", lambda: nodes.take_over_latest_run(compiled, self._store), self._log)
        ended = self._on_beam(compiled) if self._options.runner == BEAM else self._in_parallel(compiled)
        if ended.errors or ended.interrupted:
            child.run("leftovers", lambda: self._close(canceled=ended.interrupted), self._log)
        elif inputs:
            self._remember(ended, inputs)
        return ended

    def _in_parallel(self, compiled: Compiled) -> Ended:
        jobs = self._options.jobs or len(os.sched_getaffinity(0))
        config = self._task.runner.nodes
        return Parallel(compiled.upstream, partial(self._work, compiled), self._folder, jobs, config).run()

    def _on_beam(self, compiled: Compiled) -> Ended:
        from pipeline.runner import beam_runner

        args = RunnerConfig().beam_args  # Those of the task are for its nodes.
        errors = beam_runner.failure_of(
            lambda: child.run(BEAM, lambda: beam_runner.run_on_beam(compiled, self._store, args), self._log)
        )
        told = child.run("results", lambda: beam_runner.results(compiled, self._store, self._told), self._log)
        return Ended(told, errors)

    def dry_run(self) -> None:
        """Tells of each node whether it would run, and why; runs none.

        Raises:
            SlipwayError: The configuration or the data are at fault.
        """
        scratch = self._folder / TEMPORARY_FOLDER
        child.run("prepare", lambda: self._compile(scratch / "artifacts"), self._log)
        compiled = self._started()
        store = dry_run.copied(self._store, scratch / "metadata.db")
        if compiled.takes_over:
            child.run("snapshot", lambda: nodes.take_over_latest_run(compiled, store), self._log)
        child.run("dry-run", lambda: dry_run.dry_run(compiled, store), self._log)

    def _compile(self, artifacts: Path) -> dict[str, Any] | None:
        """Writes the IR to a file, and returns what decides on the run's results; None for a part of the pipeline."""
        options = self._options
        postgresql_indexes.shorten(store_of(self._task, self._home))
        pipeline = prepare(self._task, self._source, self._home, artifacts, not options.no_cache, options.force_bless)
        compiled = Compiled.of(pipeline, self._run_id, options.from_node, options.to_node)
        file = self._folder / PIPELINE_FILE
        with whole_file(file) as beside:
            beside.write_bytes(compiled.serialize())
        if len(compiled.nodes) == len(compiled.ir.nodes):
            return up_to_date.inputs(self._task, self._source, compiled.roots)
        return None

    def _started(self) -> Compiled:
        compiled = Compiled.parse((self._folder / PIPELINE_FILE).read_bytes())
        upstream = {node: sorted(befores) for node, befores in compiled.upstream.items()}
        nodes = list(compiled.nodes)
        progress.emit("run_started", run_id=self._run_id, task=self._task.name, nodes=nodes, upstream=upstream)
        return compiled

    def _work(self, compiled: Compiled, node: str, attempt: int) -> dict[str, Any]:
        """Runs a node in its process and tells what the run's outcome depends on."""
        if attempt > 1:
            self._close(canceled=False, node=node)
        result = nodes.run_node(compiled, node, self._store)
        if self._options.explain:
            progress.emit("explained", reasons=dry_run.why(compiled, node, self._store))
        return self._told(node, result)

    def _told(self, node: str, result: NodeResult) -> dict[str, Any]:
        uris = {key: [str(artifact.uri) for artifact in artifacts] for key, artifacts in result.outputs.items()}
        return {"cached": result.cached, "uris": uris, **reports.report(node, result, self._task)}

    def _close(self, canceled: bool, node: str | None = None) -> None:
        reason = "The run was interrupted." if canceled else "Its process came to a sudden end."
        root = self._home.pipelines(self._task.name)
        with SharedMetadata(self._store) as handle:
            leftovers.close(handle.store, self._run_id, reason, root, canceled, node and f"{self._task.name}.{node}")

    def _remember(self, ended: Ended, inputs: dict[str, Any]) -> None:
        """Notes that everything is up to date from here on, if a model was pushed."""
        pushed_to = ended.told.get(PUSHER, {}).get("pushed_to")
        if pushed_to:
            uris = [uri for told in ended.told.values() for key in told["uris"].values() for uri in key]
            up_to_date.remember(self._home, self._task.name, LastRun(self._run_id, Path(pushed_to)), inputs, uris)
