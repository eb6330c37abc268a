"""Cold runs of the taxi task: ours, TFX's own example by its LocalDagRunner, and one plain Keras script.

    python benchmarks/local_run.py [--rounds 3] [--json FILE]

Each round runs the three in turn, each in a process and a folder of its own, imports included: 15,002 rows of the CSV
in the tfx wheel, two thirds of them for training, 1,000 steps of 40. Ratios are taken within a round, so that a slow
minute of the machine hits both sides. Ours also has what the example has not: verified TFRecords, DataGate and slices.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
OURS, STOCK, PLAIN = "ours", "stock TFX", "plain Keras"


@dataclass(frozen=True)
class Sample:
    """One run: wall-clock seconds of the whole process, and of each node that ML Metadata knows."""

    seconds: float
    nodes: dict[str, float]


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each of the three runs.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write every sample here.")
def main(rounds: int, json_file: Path | None) -> None:
    """Compares cold runs of the taxi task."""
    samples: dict[str, list[Sample]] = {OURS: [], STOCK: [], PLAIN: []}
    for number in range(rounds):
        for name, runs in samples.items():
            with tempfile.TemporaryDirectory() as folder:
                runs.append(_measure(name, Path(folder)))
            print(f"round {number + 1}: {name} {runs[-1].seconds:.1f} s", file=sys.stderr, flush=True)
    if json_file:
        json_file.write_text(json.dumps({name: [asdict(s) for s in runs] for name, runs in samples.items()}, indent=2))
    _report(samples)


def _measure(name: str, folder: Path) -> Sample:
    commands = {
        OURS: ["local_runner.py", "taxi", "--home", str(folder / "home"), "--quiet"],
        STOCK: ["benchmarks/stock_taxi.py", str(folder / "stock")],
        PLAIN: ["benchmarks/plain_keras.py"],
    }
    stores = {OURS: folder / "home" / "metadata.db", STOCK: folder / "stock" / "metadata.db"}
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, *commands[name]],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    if done.returncode:
        raise click.ClickException(f"{name} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Sample(seconds, _node_seconds(stores[name]) if name in stores else {})


def _node_seconds(store_path: Path) -> dict[str, float]:
    """Returns the seconds between registration and publication of every execution."""
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(store_path)
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READONLY
    store = metadata_store.MetadataStore(config)
    names = {kind.id: kind.name.rpartition(".")[2] for kind in store.get_execution_types()}
    return {
        names[execution.type_id]: (execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000
        for execution in store.get_executions()
    }


def _report(samples: dict[str, list[Sample]]) -> None:
    console = Console()
    console.print(f"{os.cpu_count()} cores, {len(samples[OURS])} rounds; seconds: median (lowest - highest)")
    table = Table("", *samples)
    table.add_row("whole process", *(_spread([s.seconds for s in runs]) for runs in samples.values()))
    nodes = list(dict.fromkeys(node for runs in samples.values() for sample in runs for node in sample.nodes))
    for node in nodes:
        table.add_row(node, *(_spread([s.nodes[node] for s in runs if node in s.nodes]) for runs in samples.values()))
    outside = [[s.seconds - sum(s.nodes.values()) for s in runs if s.nodes] for runs in samples.values()]
    table.add_row("outside the nodes", *(_spread(values) for values in outside))
    console.print(table)
    for baseline in (STOCK, PLAIN):
        ratios = [ours.seconds / other.seconds for ours, other in zip(samples[OURS], samples[baseline], strict=True)]
        console.print(f"ours / {baseline}: {_spread(ratios, 2)}")


def _spread(values: list[float], digits: int = 1) -> str:
    if not values:
        return "-"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} - {max(values):.{digits}f})"


if __name__ == "__main__":
    main()
