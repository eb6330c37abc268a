"""slipway compare-variants: the variants of a task, trained on the same seeds."""

import click

from pipeline.commands import options
from pipeline.comparison.launch import ComparisonOrder, launch


@click.command("compare-variants")
@click.argument("task")
@options.home
@options.overrides
@click.option("--variants", metavar="NAMES", help="Which ones, with commas in between.  [default: all]")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Trainings of each variant.")
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    help="Epochs of each training, of each stage where it has a recipe.  [default: the variant's]",
)
@options.as_json
@options.debug
@click.pass_context
def command(
    context: click.Context,
    task: str,
    home: str | None,
    overrides: tuple[str, ...],
    variants: str | None,
    seeds: int,
    epochs: int | None,
    as_json: bool,
) -> int:
    """Train the variants of a task on the same seeds, and compare.

    A variant is what `variants` in the task's task.py says that it changes in the training; --set changes what all of
    them start from. The examples are those of the task's latest run; where there is none, or where --set changes
    anything but the training, the pipeline runs up to Transform first. Every training goes through all its epochs. The
    results and a plot with the spread over the seeds go to the home's reports/.

    \b
    Examples:
      slipway compare-variants stamps
      slipway compare-variants stamps --variants image_only,both --seeds 5
    """  # noqa: D301 (click wants the character)
    debug = context.obj.debug
    return launch(ComparisonOrder("variants", task, home, overrides, variants, seeds, epochs, as_json, debug))
