"""What the ways to train cost: step times and memory of the same training against a stated baseline.

    python -m benchmarks.training [--rounds 10] [--json FILE]

Step times: all trainings of a model run side by side in one process and take turns, an epoch each, so that a slow
minute of the machine hits all of them; ratios are taken within a round. The first epoch, which builds the functions, is
not counted, nor is validation. CPU time is that of the process, which other processes disturb less. Memory: see
`training_memory.py`.

Goals: custom loop at most 1.05 of `fit`; `mirrored` on one device at most 1.05 of `default`; the guard against values
that are not finite less than 3 % of the time (see `guard_share.py`); four micro-batches less than 1.1 of the memory of
one. `MirroredStrategy` itself on one device is measured to show why `mirrored` leaves it out.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import click
import keras
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from benchmarks import guard_share, training_memory
from benchmarks.cases import Case, image_columns, image_model, table_columns, table_model
from benchmarks.figures import machine, ratios, spread
from components.trainer import fit, stages, strategy
from components.trainer.input_pipeline import InMemory
from components.trainer.plan import Plan


@dataclass
class Side:
    """One of the trainings that are compared."""

    changes: dict[str, Any]
    strategy: Callable[[], tf.distribute.Strategy] = lambda: strategy.create("default")
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)


CASES = {
    "table model, batches of 40": Case(table_model, table_columns, 40, steps=320, steps_per_execution=16),
    "table model, a step an execution": Case(table_model, table_columns, 40, steps=128, steps_per_execution=1),
    "image model, batches of 64": Case(image_model, image_columns, 64, steps=16, steps_per_execution=8),
}
RATIOS = {
    "custom loop": ("custom", "fit"),
    "mirrored, fit": ("fit, mirrored", "fit"),
    "mirrored, custom loop": ("custom, mirrored", "custom"),
    "MirroredStrategy itself, fit": ("fit, MirroredStrategy itself", "fit"),
    "MirroredStrategy itself, custom loop": ("custom, MirroredStrategy itself", "custom"),
}


def trainings() -> dict[str, Side]:
    """Returns the trainings that are compared."""

    def itself() -> tf.distribute.Strategy:
        return strategy.Mirrored([tf.config.list_logical_devices()[-1].name])

    strategies: dict[str, Callable[[], tf.distribute.Strategy]] = {
        "": lambda: strategy.create("default"),
        ", mirrored": lambda: strategy.create("mirrored"),
        ", MirroredStrategy itself": itself,
    }
    found: dict[str, Side] = {}
    for loop in ("fit", "custom"):
        found |= {f"{loop}{name}": Side({"loop": loop}, where) for name, where in strategies.items()}
    return found


class Turns:
    """Lets threads run one at a time, in turn, until one of them fails."""

    def __init__(self, count: int) -> None:
        self._count, self._turn, self._failed, self._changed = count, 0, False, threading.Condition()

    def wait_for(self, number: int) -> None:
        """Waits until it is a thread's turn."""
        with self._changed:
            self._changed.wait_for(lambda: self._failed or self._turn == number)
            if self._failed:
                raise RuntimeError("Another thread has failed.")

    def pass_on(self, failed: bool = False) -> None:
        """Ends the turn of the thread whose turn it is."""
        with self._changed:
            self._turn, self._failed = (self._turn + 1) % self._count, self._failed or failed
            self._changed.notify_all()


class Clock(keras.callbacks.Callback):
    """Takes a turn for each epoch and notes the seconds of its training steps."""

    def __init__(self, turns: Turns, number: int, side: Side) -> None:
        super().__init__()
        self._turns, self._number, self._side, self._began = turns, number, side, (0.0, 0.0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Lets the others have their epoch first."""
        if epoch:
            self._turns.pass_on()
            self._turns.wait_for(self._number)
            time.sleep(0.1)  # Until the others have read ahead.
        self._began = time.perf_counter(), time.process_time()

    def on_test_begin(self, logs: Any = None) -> None:
        """Stops the clock when the device is done."""
        keras.ops.convert_to_numpy(self.model.optimizer.iterations)
        self._side.seconds.append(time.perf_counter() - self._began[0])
        self._side.cpu_seconds.append(time.process_time() - self._began[1])


def measure(case: Case, rounds: int) -> dict[str, Side]:
    """Returns the sides with the seconds of each round."""
    split, compared = case.split(), trainings()
    turns = Turns(len(compared))

    def train(number: int, side: Side) -> None:
        turns.wait_for(number)
        failed = True
        try:
            _train(case, split, side, rounds + 1, Clock(turns, number, side))
            failed = False
        finally:
            turns.pass_on(failed)

    with ThreadPoolExecutor(len(compared)) as threads:
        for done in [threads.submit(train, *pair) for pair in enumerate(compared.values())]:
            done.result()
    for side in compared.values():
        del side.seconds[0], side.cpu_seconds[0]
    return compared


def _train(case: Case, split: InMemory, side: Side, epochs: int, clock: Clock) -> None:
    config = case.config(**side.changes)
    plan = Plan(epochs, case.steps, case.steps_per_execution, case.steps_per_execution)
    with side.strategy().scope():
        model = case.build()
        fit.compile_model(model, config, plan)
    stages.LOOPS[config.loop](model, split, split, config, plan, [clock])


def _gpus() -> str:
    found = tf.config.list_physical_devices("GPU")
    return ", ".join(tf.config.experimental.get_device_details(gpu)["device_name"] for gpu in found) or "no GPU"


@click.command()
@click.option("--rounds", default=10, show_default=True, help="Epochs of each training that are measured.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write every sample here.")
def main(rounds: int, json_file: Path | None) -> None:
    """Compares step times and memory."""
    console = Console()
    console.print(f"{machine(_gpus())}; {rounds} rounds; median (lowest - highest)")
    samples = {}
    for name, case in CASES.items():
        samples[name] = measure(case, rounds)
        _report(console, f"{name}, {case.steps} steps, {case.steps_per_execution} at once", case, samples[name])
    shares = {
        (name, loop): [guard_share.measure(case, loop, epochs=5) for _ in range(min(rounds, 5))]
        for name, case in CASES.items()
        for loop in stages.LOOPS
    }
    table = Table("the guard", "loop", "% of a training's time")
    for (name, loop), values in shares.items():
        table.add_row(name, loop, spread([100 * value for value in values]))
    console.print(table)
    memory = {
        name: [training_memory.peak(*arguments) for _ in range(3)]
        for name, arguments in {
            "one micro-batch": (1, 1),
            "accumulation of 4": (4, 4),
            "the batch at once": (1, 4),
        }.items()
    }
    table = Table("peak memory of a training", "MiB", "to one micro-batch")
    for name, values in memory.items():
        table.add_row(name, spread(values, 0), spread(ratios(values, memory["one micro-batch"])))
    console.print(table)
    if json_file:
        seconds = {name: {side: one.seconds for side, one in sides.items()} for name, sides in samples.items()}
        json_file.write_text(
            json.dumps(
                {
                    "seconds of an epoch": seconds,
                    "share of the guard": {f"{name}, {loop}": values for (name, loop), values in shares.items()},
                    "MiB": memory,
                },
                indent=2,
            )
        )


def _report(console: Console, title: str, case: Case, sides: dict[str, Side]) -> None:
    table = Table(title, "ms a step", "baseline", "ms a step", "ratio", "ratio of CPU time")
    for name, pair in RATIOS.items():
        one, baseline = (sides[side] for side in pair)
        milliseconds = [spread([1000 * value / case.steps for value in side.seconds], 3) for side in (one, baseline)]
        pairs = [(one.seconds, baseline.seconds), (one.cpu_seconds, baseline.cpu_seconds)]
        table.add_row(name, milliseconds[0], pair[1], milliseconds[1], *(spread(ratios(*pair)) for pair in pairs))
    console.print(table)


if __name__ == "__main__":
    main()
