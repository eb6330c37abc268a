"""What more rows cost: the taxi task on its 15,002 trips, on ten and on a hundred times as many.

    python -m benchmarks.scale [--factor 1 --factor 10 --factor 100] [--json FILE] [--set KEY=VALUE]

More rows are drawn from the trips with a seed, within each split, so that no trip is in both. Each size runs in a home
of its own, one node at a time, one epoch. A node has fixed costs (imports, graphs, tracing) and costs of each row; what
is compared is the second: the processor time of the rows from x10 to x100, a row, against that of those from x1 to x10.
Processor time, since what else runs on the machine moves it least; the seconds of wall clock stand beside it.

Memory is what the kernel says: the most that was resident in the process of a node. As it is forked from one that has
imported everything, some of it is shared; `private` is the most that only the node had.
"""

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks.process_watch import Usage, Watch
from pipeline import prepared
from pipeline.runner.events import read_events
from pipeline.runner.request import EVENTS_FILE
from pipeline.tasks.taxi import data
from pipeline.tf_example import example

ROOT = Path(__file__).resolve().parents[1]
ROWS = 15_002
SHARDS = 2
SETTINGS = (
    "training.epochs=1",
    "evaluation.thresholds.AUC.lower=0.5",
    "evaluation.thresholds.Calibration.lower=0",
    "evaluation.thresholds.Calibration.upper=100",
)


@dataclass(frozen=True)
class NodeCost:
    """What a node took.

    Args:
        seconds: Wall clock.
        cpu_seconds: Processor time of its process and of those that it started.
        resident_mib: The most that was resident; the sum where it has several processes.
        private_mib: The most that only it had.
    """

    seconds: float
    cpu_seconds: float
    resident_mib: float
    private_mib: float


Costs = dict[str, NodeCost]


@click.command()
@click.option("--factor", "factors", type=click.IntRange(1), multiple=True, default=(1, 10, 100), show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write the measurements here.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="As for `slipway run`.")
def main(factors: Sequence[int], json_file: Path | None, overrides: Sequence[str]) -> None:
    """Runs the taxi task at several sizes."""
    measured: dict[int, Costs] = {}
    for factor in sorted(factors):
        with tempfile.TemporaryDirectory(prefix="scale-") as name:
            folder = Path(name)
            generate(folder / "data", factor)
            measured[factor] = measure(folder, overrides)
        taken = sum(cost.seconds for cost in measured[factor].values())
        print(f"x{factor}: {taken:.0f} s in the nodes, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        if json_file:
            told = {size: {node: asdict(cost) for node, cost in costs.items()} for size, costs in measured.items()}
            json_file.write_text(json.dumps(told, indent=2) + "\n")
    report(measured, Console(width=140))


def generate(folder: Path, factor: int, seed: int = 0, rows: int | None = None) -> dict[str, int]:
    """Writes so many times the trips as TFRecords, and returns the rows of each split.

    Args:
        folder: Where to.
        factor: 1 writes the trips themselves; more draws from them.
        seed: Of the draw.
        rows: How many of the trips there are to draw from; by default all.
    """
    trips: dict[str, list[bytes]] = {"train": [], "eval": []}
    for split, features in data.trips(rows=rows):
        trips[split].append(example(features))
    return prepared.write_once(
        folder,
        lambda: _drawn(trips, factor, random.Random(seed)),
        shards=dict.fromkeys(trips, SHARDS),
        key={"factor": factor, "seed": seed, "rows": rows},
    )


def _drawn(trips: Mapping[str, Sequence[bytes]], factor: int, draw: random.Random) -> Iterator[tuple[str, bytes]]:
    for split, records in trips.items():
        for number in range(factor * len(records)):
            yield split, records[number] if factor == 1 else draw.choice(records)


def measure(folder: Path, overrides: Sequence[str] = ()) -> Costs:
    """Runs the task on `data` in a folder, in a home beside it, and returns what each node took."""
    settings = [f"data.path={folder / 'data'}", *SETTINGS, *overrides]
    command = ["local_runner.py", "taxi", "--home", str(folder / "home"), "--quiet", "--jobs", "1"]
    chosen = [argument for setting in settings for argument in ("--set", setting)]
    with (
        subprocess.Popen(
            [sys.executable, *command, *chosen], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
        Watch(process) as watch,
    ):
        said, _ = process.communicate()
    if process.returncode:
        raise click.ClickException(f"The run ended with {process.returncode}: {said[-2000:]}")
    [events] = (folder / "home" / "runs").glob(f"*/{EVENTS_FILE}")
    ended = {event["node"]: event for event in read_events(events) if event["event"] == "node_finished"}
    return {node: cost_of(event, watch.samples) for node, event in ended.items()}


def cost_of(finished: Mapping[str, float], samples: Mapping[int, Sequence[Usage]]) -> NodeCost:
    """Returns what a node took, from the event of its end and the samples of all processes of a run."""
    start, end = finished["time"] - finished["seconds"], finished["time"]
    within = [[usage for usage in taken if start <= usage.time <= end] for taken in samples.values()]
    processes = [taken for taken in within if taken]
    return NodeCost(
        finished["seconds"],
        sum(taken[-1].cpu_seconds for taken in processes),
        sum(taken[-1].resident_mib for taken in processes),
        sum(max(usage.private_mib for usage in taken) for taken in processes),
    )


def marginal(costs: Mapping[int, Costs], node: str, first: int, last: int) -> float:
    """Returns the microseconds of processor time that a row costs a node, of the rows between two sizes."""
    more = costs[last][node].cpu_seconds - costs[first][node].cpu_seconds
    return 1e6 * more / ((last - first) * ROWS)


def report(measured: Mapping[int, Costs], console: Console) -> None:
    """Prints a table of seconds and memory, and of microseconds a row where there are three sizes."""
    sizes = list(measured)
    spans = list(itertools.pairwise(sizes))
    names = [f"x{first} to x{last}, us/row" for first, last in spans]
    console.print(f"{os.cpu_count()} cores; {ROWS:,} rows and multiples; seconds: wall clock (processor)")
    table = Table("", *(f"x{size}, s" for size in sizes), *names, "resident, MiB", "private, MiB")
    for node in measured[sizes[-1]]:
        costs = [measured[size][node] for size in sizes]
        taken = [f"{cost.seconds:.1f} ({cost.cpu_seconds:.1f})" for cost in costs]
        rows = [f"{marginal(measured, node, *span):.1f}" for span in spans]
        table.add_row(node, *taken, *rows, f"{costs[-1].resident_mib:.0f}", f"{costs[-1].private_mib:.0f}")
    console.print(table)
    totals = [sum(marginal(measured, node, *span) for node in measured[sizes[-1]]) for span in spans]
    for (first, last), total in zip(spans, totals, strict=True):
        console.print(f"all nodes, x{first} to x{last}: {total:.0f} us of processor time a row")
    for before, after in itertools.pairwise(totals):
        console.print(f"cost of a row, later rows / earlier rows: {after / before:.2f}")


if __name__ == "__main__":
    main()
