"""What a comparison has found, kept as one JSON file."""

import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from components.settings import from_dict, to_dict
from components.whole_file import whole_file
from pipeline.comparison.contender import Contender

RESULTS_FILE = "results.json"
LOSS = "val_loss"


@dataclass(frozen=True)
class Training:
    """One training.

    Args:
        contender: The contender's name.
        seed: The seed.
        history: Name to value of each epoch; empty where the training failed.
        epochs_per_second: How fast it was, validation included, without the first epoch, which builds the functions,
            where there are more; None where it failed.
        parameters: How many numbers were trained, in the last stage where there is a recipe; None where it failed.
        error: Why it failed.
    """

    contender: str
    seed: int
    history: dict[str, list[float]]
    epochs_per_second: float | None = None
    parameters: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Spread:
    """A value over seeds.

    Args:
        mean: The mean.
        deviation: The standard deviation of a sample; None of a single value.
        low: The lowest value.
        high: The highest value.
    """

    mean: float
    deviation: float | None
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Returns the spread of one or more values."""
        values = list(values)
        deviation = statistics.stdev(values) if len(values) > 1 else None
        return cls(statistics.fmean(values), deviation, min(values), max(values))


@dataclass(frozen=True)
class Standing:
    """How a contender did over all seeds.

    Args:
        contender: The contender's name.
        finished: Trainings that came to their end.
        failed: Trainings that did not.
        metric: The monitored metric in its best epoch; None if none finished.
        loss: The validation loss in that epoch.
        epochs_per_second: The mean over the seeds.
        parameters: How many numbers were trained, in the last stage where there is a recipe.
    """

    contender: str
    finished: int
    failed: int
    metric: Spread | None = None
    loss: Spread | None = None
    epochs_per_second: float | None = None
    parameters: int | None = None


@dataclass(frozen=True)
class Comparison:
    """All trainings of a comparison.

    Args:
        task: The task's name.
        kind: What is compared: `optimizers` or `variants`.
        run: The run whose Transform made the examples.
        monitor: The metric that is compared.
        mode: `min` or `max`, whichever is better.
        contenders: Those that are compared.
        seeds: The seeds, the same for each contender.
        trainings: What has been trained.
    """

    task: str
    kind: str
    run: str
    monitor: str
    mode: str
    contenders: tuple[Contender, ...]
    seeds: tuple[int, ...]
    trainings: tuple[Training, ...] = ()

    @property
    def epochs(self) -> int:
        """Epochs of the longest training."""
        return max((len(values) for one in self.trainings for values in one.history.values()), default=0)

    def of(self, contender: str) -> list[Training]:
        """Returns the trainings of a contender that came to their end."""
        return [training for training in self.trainings if training.contender == contender and not training.error]

    def standings(self) -> list[Standing]:
        """Returns the contenders, the best mean of the metric first; those that never finished are last."""
        found = [self._standing(name) for name in dict.fromkeys(training.contender for training in self.trainings)]
        sign = 1 if self.mode == "min" else -1
        return sorted(found, key=lambda one: (one.metric is None, sign * one.metric.mean if one.metric else 0.0))

    def best(self, training: Training) -> dict[str, float]:
        """Returns name to value of a training's best epoch."""
        # It brings matplotlib along, which a comparison that has yet to run need not wait for.
        from components.trainer.history import best_epoch

        epoch = best_epoch(training.history, self.monitor, self.mode)
        return {name: values[epoch] for name, values in training.history.items()}

    def course(self, contender: str, name: str) -> list[Spread]:
        """Returns the spread over the seeds of a metric in each epoch."""
        histories = [training.history[name] for training in self.of(contender)]
        return [Spread.of(values) for values in zip(*histories, strict=True)]

    def write(self, folder: Path) -> None:
        """Writes the file, beside and then renamed."""
        with whole_file(folder / RESULTS_FILE) as beside:
            beside.write_text(json.dumps(to_dict(self), indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Comparison | None":
        """Returns what a folder holds; None if nothing has been trained yet."""
        file = folder / RESULTS_FILE
        return from_dict(Comparison, json.loads(file.read_text())) if file.exists() else None

    def _standing(self, contender: str) -> Standing:
        done = self.of(contender)
        failed = sum(training.contender == contender for training in self.trainings) - len(done)
        if not done:
            return Standing(contender, 0, failed)
        best = [self.best(training) for training in done]
        return Standing(
            contender,
            len(done),
            failed,
            Spread.of(values[self.monitor] for values in best),
            Spread.of(values[LOSS] for values in best),
            statistics.fmean(training.epochs_per_second or 0.0 for training in done),
            done[0].parameters,
        )
