"""How many steps an epoch of a task's training has, as far as it is known without a run."""

from typing import NamedTuple

from components.errors import UsageError
from components.trainer.plan import Plan
from pipeline import counted_rows, data_source, manifest
from pipeline.config import TaskConfig
from pipeline.data_source import ALL
from pipeline.home import Home


class Length(NamedTuple):
    """The length of an epoch.

    Args:
        steps: Optimizer steps of an epoch.
        source: Where the number comes from, as a phrase.
    """

    steps: int
    source: str


def from_rows(task: TaskConfig, rows: int, validation_rows: int, source: str) -> Length:
    """Returns the length of an epoch over some rows, as the Trainer plans it for one replica."""
    return Length(Plan.of(task.training, rows, validation_rows).steps_per_epoch, source)


def from_steps(task: TaskConfig, steps: int) -> Length:
    """Returns the length of an epoch of a training that has a number of steps in all.

    Raises:
        UsageError: They cannot be shared out among the epochs.
    """
    epochs = task.training.total_epochs
    if steps % epochs:
        raise UsageError(
            "The steps of a training must be a multiple of its epochs.",
            received=f"steps={steps} for {epochs} epochs",
            fix=f"Take {max(1, round(steps / epochs)) * epochs}, or set training.epochs.",
        )
    return Length(steps // epochs, "as asked for")


def known(task: TaskConfig, home: Home) -> Length:
    """Returns the length of an epoch from the configuration, or from the TFRecords that an earlier run has counted.

    Raises:
        UsageError: The data folder is at fault, or nobody has counted yet.
    """
    if task.training.steps_per_epoch is not None:
        return Length(task.training.steps_per_epoch, "training.steps_per_epoch")
    folder = task.data.path or home.data(task.name)
    if task.data.path is not None or manifest.made_with(folder, task.data.params):
        source = data_source.find(folder, task.data.splits, task.data.eval_share)
        rows = counted_rows.recall(home.data(task.name) / counted_rows.CACHE, counted_rows.digest(source))
        if rows is not None:
            return _from_counted(task, rows, source.buckets, str(folder))
    raise UsageError(
        "The number of steps must be known.",
        received=f"no run of `{task.name}` has counted the rows in {folder} yet",
        fix="Give --rows N or --steps N.",
    )


def _from_counted(task: TaskConfig, rows: dict[str, int], buckets: dict[str, int] | None, folder: str) -> Length:
    if buckets is None:
        return from_rows(task, rows["train"], rows["eval"], f"{rows['train']:,} rows in {folder}")
    share = buckets["train"] / sum(buckets.values())
    train = round(rows[ALL] * share)
    return from_rows(task, train, rows[ALL] - train, f"{share:.0%} of the {rows[ALL]:,} rows in {folder}")
