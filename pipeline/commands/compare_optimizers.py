"""slipway compare-optimizers: the same model, trained with each optimizer."""

import click

from pipeline.commands import options
from pipeline.comparison.launch import ComparisonOrder, launch


@click.command("compare-optimizers")
@click.argument("task", default="taxi")
@options.home
@options.overrides
@click.option(
    "--optimizers",
    metavar="NAMES",
    help="Which ones, with commas in between; NAME=RATE gives one another learning rate.  [default: all]",
)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Trainings of each optimizer.")
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs of each training.  [default: the task's]")
@options.as_json
@options.debug
@click.pass_context
def command(
    context: click.Context,
    task: str,
    home: str | None,
    overrides: tuple[str, ...],
    optimizers: str | None,
    seeds: int,
    epochs: int | None,
    as_json: bool,
) -> int:
    """Train the same model with each optimizer on the same seeds, and compare.

    The examples are those of the task's latest run; where there is none, or where --set changes anything but the
    training, the pipeline runs up to Transform first. Every training goes through all its epochs at a constant rate.
    The results and a plot with the spread over the seeds go to the home's reports/.

    \b
    Learning rates:
      sgd 0.1, momentum 0.01, adam 0.001, adamw 0.001, rmsprop 0.001, adagrad 0.05, lion 0.0003

    \b
    Examples:
      slipway compare-optimizers
      slipway compare-optimizers taxi --optimizers adam,adamw,sgd=0.05 --seeds 5 --epochs 6
    """  # noqa: D301 (click wants the character)
    debug = context.obj.debug
    return launch(ComparisonOrder("optimizers", task, home, overrides, optimizers, seeds, epochs, as_json, debug))
