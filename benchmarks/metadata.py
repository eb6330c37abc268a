"""How fast runs, lineages and pages are made of a store of a thousand runs, against a walk with ML Metadata's client.

    python -m benchmarks.metadata [--runs N] [--rounds N] [--home HOME]

The store is made through that client: runs of eleven nodes with the parameters that Slipway notes, each with data, a
schema and code of its own every tenth run, from the cache otherwise. Each time is that of a whole process, its start
included, and memory the most that it held at once. The walk asks ML Metadata once for each artifact and each execution,
as its interface offers it. The page of a run with all its files is that of the latest run of HOME, else of one of the
taxi task that is made first.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.home import Home
from pipeline.lineage import Store
from pipeline.lineage.connection import Location

_MEMORY = Path("/dev/shm")

TASK = "taxi"
# Node, the nodes that it reads, and the type of what it makes.
NODES = (
    ("ImportExampleGen", (), "Examples"),
    ("ImportSchemaGen", (), "Schema"),
    ("StatisticsGen", ("ImportExampleGen",), "ExampleStatistics"),
    ("ExampleValidator", ("StatisticsGen", "ImportSchemaGen"), "ExampleAnomalies"),
    ("DataGate", ("StatisticsGen", "ExampleValidator"), "DataVerdict"),
    ("Transform", ("ImportExampleGen", "ImportSchemaGen"), "TransformGraph"),
    ("Trainer", ("ImportExampleGen", "Transform", "ImportSchemaGen"), "Model"),
    ("BaselineResolver", (), ""),
    ("Evaluator", ("ImportExampleGen", "Trainer", "ImportSchemaGen"), "ModelBlessing"),
    ("ServingCheck", ("Trainer", "ImportExampleGen"), "InfraBlessing"),
    ("Pusher", ("Trainer", "Evaluator", "ServingCheck"), "PushedModel"),
)
FRESH_EVERY, CACHED = 10, frozenset(node for node, _, _ in NODES[:6])
CODE = json.dumps({"modules": {f"package.module_{number}": f"{number:064x}" for number in range(100)}})

WALK = """
import sys
from ml_metadata.metadata_store import metadata_store
from pipeline.lineage.connection import Location
store = metadata_store.MetadataStore(Location.of(sys.argv[1]).config())
waiting = [a.id for a in store.get_artifacts_by_type("PushedModel")
           if a.custom_properties["pushed_destination"].string_value == sys.argv[2]]
seen = set()
while waiting:
    number = waiting.pop()
    if number in seen:
        continue
    seen.add(number)
    store.get_artifacts_by_id([number])
    made = [e for e in store.get_events_by_artifact_ids([number]) if e.type == e.OUTPUT]
    for event in made[:1]:
        store.get_executions_by_id([event.execution_id])
        inputs = store.get_events_by_execution_ids([event.execution_id])
        waiting += [e.artifact_id for e in inputs if e.type == e.INPUT]
"""

WALK_RUNS = """
import sys
from ml_metadata.metadata_store import metadata_store
from pipeline.lineage.connection import Location
store = metadata_store.MetadataStore(Location.of(sys.argv[1]).config())
for run in store.get_contexts_by_type("pipeline_run"):
    for execution in store.get_executions_by_context(run.id):
        store.get_contexts_by_execution(execution.id)
        for event in store.get_events_by_execution_ids([execution.id]):
            store.get_artifacts_by_id([event.artifact_id])
"""


class Writer:
    """Writes runs as TFX does."""

    def __init__(self, path: Path) -> None:
        self._store = metadata_store.MetadataStore(Location.of(path).config())
        self._types: dict[str, int] = {}
        self._contexts: dict[str, mlmd.Context] = {}
        self._made: dict[str, mlmd.Artifact] = {}

    def run(self, number: int) -> None:
        """Writes the next run."""
        for node, reads, kind in NODES:
            cached = bool(node in CACHED and number % FRESH_EVERY)
            named = {"pipeline": TASK, "pipeline_run": f"run-{number:04d}", "node": f"{TASK}.{node}"}
            contexts = [self._context(group, name) for group, name in named.items()]
            pairs = [(self._made[one], _event(mlmd.Event.INPUT, one)) for one in reads]
            if kind:
                made = self._made[node] if cached else self._artifact(node, kind, number)
                pairs.append((made, _event(mlmd.Event.OUTPUT, node)))
            execution = self._execution(node, number, cached)
            _, artifacts, written = self._store.put_execution(execution, pairs, contexts, True)
            for name, context, context_id in zip(named.values(), contexts, written, strict=True):
                context.id = context_id
                self._contexts[name] = context
            if kind and not cached:
                self._made[node] = self._store.get_artifacts_by_id(artifacts[-1:])[0]

    def _type(self, name: str, put: str, message: type) -> int:
        if name not in self._types:
            self._types[name] = getattr(self._store, put)(message(name=name))
        return self._types[name]

    def _context(self, kind: str, name: str) -> mlmd.Context:
        return self._contexts.get(name) or mlmd.Context(
            type_id=self._type(kind, "put_context_type", mlmd.ContextType), name=name
        )

    def _artifact(self, node: str, kind: str, number: int) -> mlmd.Artifact:
        type_id = self._type(kind, "put_artifact_type", mlmd.ArtifactType)
        artifact = mlmd.Artifact(type_id=type_id, uri=f"/pipelines/{TASK}/{node}/{number}", state=mlmd.Artifact.LIVE)
        properties = artifact.custom_properties
        properties["tfx_version"].string_value = "1.21.0"
        properties["slipway_digest"].string_value = f"{number:064x}"
        if kind == "PushedModel":
            properties["pushed"].int_value = 1
            properties["pushed_destination"].string_value = destination(number)
            properties["pushed_version"].string_value = str(number)
        if kind == "ModelBlessing":
            properties["blessed"].int_value = 1
        return artifact

    def _execution(self, node: str, number: int, cached: bool) -> mlmd.Execution:
        execution = mlmd.Execution(
            type_id=self._type(f"tfx.components.{node}", "put_execution_type", mlmd.ExecutionType),
            last_known_state=mlmd.Execution.CACHED if cached else mlmd.Execution.COMPLETE,
        )
        execution.custom_properties["code"].string_value = CODE
        config = {"training": {"seed": number, "epochs": 4, "batch_size": 40}}
        execution.custom_properties["custom_config"].string_value = json.dumps(config)
        return execution


def destination(number: int) -> str:
    """Returns where a run has pushed its model."""
    return f"/serving/{TASK}/{number}"


def _event(kind: int, key: str) -> mlmd.Event:
    event = mlmd.Event(type=kind)
    event.path.steps.add(key=key)
    event.path.steps.add(index=0)
    return event


def measure(command: Sequence[str], rounds: int) -> tuple[float, float, float, float]:
    """Returns the median, the shortest and the longest seconds of a process, and the most MiB that it held."""
    seconds, memory = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds.append(time.perf_counter() - began)
        memory.append(used.ru_maxrss / 1024)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    return statistics.median(seconds), min(seconds), max(seconds), max(memory)


def main() -> None:
    """Makes the store, measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--home", help="a home with a run; without it, one of the taxi task is made")
    options = parser.parse_args()
    # A transaction for each of 11,000 executions would otherwise wait for the disk most of the time.
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        path = Path(folder) / "metadata.db"
        writer = Writer(path)
        for number in range(options.runs):
            writer.run(number)
        print(f"{options.runs} runs of {len(NODES)} nodes, {path.stat().st_size / 2**20:.0f} MiB")
        home = options.home or _taxi(Path(folder) / "home")
        _report(str(path), options.runs, options.rounds, home, Path(folder) / "pages")


def _taxi(home: Path) -> str:
    command = [sys.executable, "local_runner.py", "taxi", "--home", str(home), "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return str(home)


def _report(store: str, runs: int, rounds: int, home: str, pages: Path) -> None:
    last = destination(runs - 1)
    slipway = ("-m", "pipeline.cli")
    with Store.open(Home.existing(home).metadata_db) as opened:
        real = opened.runs(limit=1)[0].id
    written = ("-o", str(pages))
    cases = {
        "runs": (*slipway, "runs", "--store", store),
        "runs, all": (*slipway, "runs", "--store", store, "--json", "--limit", str(runs)),
        "lineage of a version": (*slipway, "lineage", last, "--store", store),
        "report of a run": (*slipway, "report", f"run-{runs - 1:04d}", "--store", store, *written),
        "report of a whole run": (*slipway, "report", real, "--home", home, *written),
    }
    found = {}
    print(f"{'':24}{'median':>8}{'least':>8}{'most':>8}{'MiB':>8}")
    for name, command in cases.items():
        found[name] = _line(name, command, rounds)
    print(f"pages: {', '.join(f'{page.stat().st_size / 2**10:.0f} KiB' for page in sorted(pages.iterdir()))}")
    walks = {"lineage of a version": ("-c", WALK, store, last), "runs, all": ("-c", WALK_RUNS, store)}
    for name, command in walks.items():
        walked = _line(f"{name}, walked", command, rounds)
        print(f"{name}: {walked / found[name]:.1f} times as fast as the walk")


def _line(name: str, command: Sequence[str], rounds: int) -> float:
    median, least, most, memory = measure(command, rounds)
    print(f"{name:24}{median:8.2f}{least:8.2f}{most:8.2f}{memory:8.0f}")
    return median


if __name__ == "__main__":
    main()
