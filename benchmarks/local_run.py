"""The taxi task from a cold start and again: ours, TFX's own example by its LocalDagRunner, one plain Keras script.

    python -m benchmarks.local_run [--rounds 3] [--json FILE]

Each round runs the three in turn, each in a process and a folder of its own, imports included: 15,002 rows of the CSV
in the tfx wheel, two thirds of them for training, 1,000 steps of 40. Ours and TFX's are run once more with nothing
changed. Ratios are taken within a round, so that a slow minute of the machine hits both sides. Ours also has what the
example has not: verified TFRecords, DataGate, ServingCheck, slices, and a process for each node.
"""

import json
import os
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

from benchmarks.figures import machine, ratios, spread

ROOT = Path(__file__).resolve().parents[1]
OURS, STOCK, PLAIN = "ours", "stock TFX", "plain Keras"
OURS_AGAIN, STOCK_AGAIN = "ours again", "stock TFX again"
RUNS = ((OURS, OURS_AGAIN), (STOCK, STOCK_AGAIN), (PLAIN,))
RATIOS = ((OURS, STOCK), (OURS, PLAIN), (OURS_AGAIN, STOCK_AGAIN))


@dataclass(frozen=True)
class Sample:
    """One run.

    Args:
        seconds: Wall clock of the whole process.
        before: Seconds before the first node, which is mostly imports; 0 where no node ran.
        nodes: Seconds by node of what ran, as ML Metadata knows it. Several may run at the same time.
    """

    seconds: float
    before: float
    nodes: dict[str, float]


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each of the three runs.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write every sample here.")
def main(rounds: int, json_file: Path | None) -> None:
    """Compares runs of the taxi task."""
    samples: dict[str, list[Sample]] = {name: [] for names in RUNS for name in names}
    for number in range(rounds):
        for names in RUNS:
            with tempfile.TemporaryDirectory() as folder:
                for name in names:
                    samples[name].append(_measure(name, Path(folder)))
                    seconds = samples[name][-1].seconds
                    print(f"round {number + 1}: {name} {seconds:.1f} s", file=sys.stderr, flush=True)
    if json_file:
        json_file.write_text(json.dumps({name: [asdict(s) for s in runs] for name, runs in samples.items()}, indent=2))
    _report(samples)


def _measure(name: str, folder: Path) -> Sample:
    ours = ["local_runner.py", "taxi", "--home", str(folder / "home"), "--quiet"]
    stock = ["benchmarks/stock_taxi.py", str(folder / "stock")]
    commands = {OURS: ours, OURS_AGAIN: ours, STOCK: stock, STOCK_AGAIN: stock, PLAIN: ["benchmarks/plain_keras.py"]}
    begun, start = time.time(), time.monotonic()
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
    executions = [] if name == PLAIN else _executions(folder, begun)
    first = min((execution.create_time_since_epoch / 1000 for execution in executions), default=begun)
    return Sample(seconds, first - begun, {_node(one): _seconds(one) for one in executions if _seconds(one)})


def _executions(folder: Path, begun: float) -> list[metadata_store_pb2.Execution]:
    """Returns what ran since a moment, in seconds since 1970."""
    [store_path] = folder.glob("*/metadata.db")
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(store_path)
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READONLY
    found = metadata_store.MetadataStore(config).get_executions()
    return [execution for execution in found if execution.create_time_since_epoch / 1000 >= begun]


def _node(execution: metadata_store_pb2.Execution) -> str:
    return str(execution.type.rpartition(".")[2])


def _seconds(execution: metadata_store_pb2.Execution) -> float:
    """Returns the seconds between registration and publication."""
    return float(execution.last_update_time_since_epoch - execution.create_time_since_epoch) / 1000


def _report(samples: dict[str, list[Sample]]) -> None:
    console = Console()
    console.print(f"{machine()}; {len(samples[OURS])} rounds; seconds: median (lowest - highest)")
    table = Table("", *samples)
    table.add_row("whole process", *(spread([s.seconds for s in runs], 1) for runs in samples.values()))
    nodes = list(dict.fromkeys(node for runs in samples.values() for sample in runs for node in sample.nodes))
    for node in nodes:
        table.add_row(node, *(spread([s.nodes[node] for s in runs if node in s.nodes], 1) for runs in samples.values()))
    table.add_row("before the nodes", *(spread([s.before for s in runs if s.before], 1) for runs in samples.values()))
    console.print(table)
    for name, baseline in RATIOS:
        sides = [[sample.seconds for sample in samples[side]] for side in (name, baseline)]
        console.print(f"{name} / {baseline}: {spread(ratios(*sides))}")


if __name__ == "__main__":
    main()
