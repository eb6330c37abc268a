"""What the input costs: transformed records, pictures, and a data set that does not fit in memory.

    python -m benchmarks.input [--rounds 5] [--json FILE] [--size-mb 256 | --large] [--home DIR]

What is compared runs in turn, round by round, and ratios are taken within a round, in wall-clock time and in CPU time
of the process, which other processes disturb less.

Goals: records in batches of 40 at least 3 times as fast as TFX's `DataAccessor.tf_dataset_factory`, and at least 0.8 of
the ceiling (raw records cached, `parse_example` on batches, nothing else); batches of 32 pictures at 224 pixels with
augmentation under 0.1 s and at most 2.5 times the decoding alone; a data set larger than memory under 1.5 GiB; the
Trainer's step waits for its input less than a tenth of its time, which is read from the runs in a home.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks import input_cases
from benchmarks.figures import machine, ratios, spread
from benchmarks.input_cases import BATCH, PICTURES

ROOT = Path(__file__).resolve().parents[1]
MOST_MEMORY_GIB = 1.5
LARGE_MB = 10 * 1024


@dataclass
class Side:
    """One way to read: a stream, and how much of it is read in a round.

    Args:
        stream: Makes it.
        elements: What is taken of it.
        examples: How many examples these are.
    """

    stream: Callable[[], tf.data.Dataset]
    elements: int
    examples: int
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Reads one round, after the first elements, which fill the buffers."""
        iterator = iter(self.stream())
        for _ in range(max(1, self.elements // 10)):
            next(iterator)
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(self.elements):
            next(iterator)
        self.seconds.append(time.perf_counter() - wall)
        self.cpu_seconds.append(time.process_time() - cpu)

    @property
    def rates(self) -> list[float]:
        """Examples a second of each round."""
        return [self.examples / seconds for seconds in self.seconds]


def measure(sides: dict[str, Side], rounds: int) -> None:
    """Runs the sides in turn."""
    for _ in range(rounds):
        for side in sides.values():
            side.measure()


def records(folder: Path) -> dict[str, Side]:
    """The ways to read transformed records."""
    streams = input_cases.record_streams(folder)
    batches = 2 * input_cases.ROWS // BATCH
    return {name: Side(stream, batches, batches * BATCH) for name, stream in streams.items()}


def pictures(folder: Path, count: int) -> dict[str, Side]:
    """The ways to read pictures."""
    streams = input_cases.picture_streams(folder, count)
    batches = max(2, min(count, 640) // PICTURES)
    sides = {name: Side(stream, batches, batches * PICTURES) for name, stream in streams.items()}
    sides["decoding alone"].elements *= PICTURES
    return sides


def peak_memory(size_mb: int) -> float:
    """Returns the gibibytes that a process takes at most that opens so much data and reads a pass of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.input_memory", folder, str(size_mb)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stdout.splitlines()[-1])


def waits(home: Path) -> dict[str, float]:
    """Returns the mean share of its time that each task's newest Trainer has waited, after its first epoch."""
    found = {}
    for file in sorted(
        home.glob("pipelines/*/Trainer/model_run/*/history.json"), key=lambda path: path.stat().st_mtime
    ):
        shares = json.loads(file.read_text())["history"].get("input_wait", [])
        found[file.parents[3].name] = statistics.mean(shares[1:] or shares)
    return found


@click.command()
@click.option("--rounds", default=5, show_default=True, help="How often each way is measured.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write every sample here.")
@click.option("--size-mb", default=256, show_default=True, help="Mebibytes of the data set that is read from disk.")
@click.option("--large", is_flag=True, help="A data set of 10 GB in its place.")
@click.option("--home", default=".slipway", type=click.Path(path_type=Path), help="Home with runs of the tasks.")
def main(rounds: int, json_file: Path | None, size_mb: int, large: bool, home: Path) -> None:
    """Compares ways to read the input."""
    console = Console()
    console.print(f"{machine()}; {rounds} rounds; median (lowest - highest)")
    with tempfile.TemporaryDirectory() as folder:
        of_records, of_pictures = records(Path(folder)), pictures(Path(folder), 2000 if rounds > 1 else 128)
        for sides in (of_records, of_pictures):
            measure(sides, rounds)
    _report_records(console, of_records)
    _report_pictures(console, of_pictures)
    size = LARGE_MB if large else size_mb
    peak = peak_memory(size)
    console.print(f"{size:,} MiB read from disk: {peak:.2f} GiB of memory at most, of {MOST_MEMORY_GIB} allowed")
    shares = waits(home)
    for task, share in shares.items():
        console.print(f"{task}: the Trainer's steps wait {share:.1%} of their time for input")
    if json_file:
        samples = {
            name: {"seconds": side.seconds, "cpu_seconds": side.cpu_seconds, "examples": side.examples}
            for name, side in {**of_records, **of_pictures}.items()
        }
        memory = {"MiB read": size, "peak GiB": peak}
        json_file.write_text(json.dumps({"samples": samples, "memory": memory, "input_wait": shares}, indent=2))


def _report_records(console: Console, sides: dict[str, Side]) -> None:
    table = Table(
        f"records, batches of {BATCH}", "examples/s", "to TFX's factory", "to the ceiling", "CPU, to the ceiling"
    )
    factory, ceiling = sides["TFX's factory"], sides["ceiling"]
    for name, side in sides.items():
        table.add_row(
            name,
            spread(side.rates, 0),
            spread(ratios(side.rates, factory.rates)),
            spread(ratios(side.rates, ceiling.rates)),
            spread(ratios(ceiling.cpu_seconds, side.cpu_seconds)),
        )
    console.print(table)


def _report_pictures(console: Console, sides: dict[str, Side]) -> None:
    table = Table(f"pictures, batches of {PICTURES}", "ms a batch", "to decoding alone", "CPU, to decoding alone")
    alone = sides["decoding alone"]
    for name, side in sides.items():
        batches = side.examples / PICTURES
        table.add_row(
            name,
            spread([1000 * seconds / batches for seconds in side.seconds], 1),
            spread(ratios(side.seconds, alone.seconds)),
            spread(ratios(side.cpu_seconds, alone.cpu_seconds)),
        )
    console.print(table)


if __name__ == "__main__":
    main()
