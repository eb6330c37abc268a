"""slipway input: where the time of a training goes before its steps, and what to set against it."""

import click

from pipeline.commands import options
from pipeline.input.launch import InputOrder, launch


@click.command("input")
@click.argument("task", default="taxi")
@options.home
@options.overrides
@click.option(
    "--memory-mb", type=click.IntRange(min=0), metavar="N", help="Memory that a fix may take.  [default: half of free]"
)
@click.option("--batches", type=click.IntRange(min=10), default=100, show_default=True, help="Batches a measurement.")
@options.as_json
@options.debug
@click.pass_context
def command(
    context: click.Context,
    task: str,
    home: str | None,
    overrides: tuple[str, ...],
    memory_mb: int | None,
    batches: int,
    as_json: bool,
) -> int:
    """Measure the input of a task's training, and find what to set.

    The examples are those of the task's latest run. Reading, parsing, making batches and the training step are each
    measured by themselves; then what could make the input faster is tried within the memory budget. The finding and a
    picture go to the home's reports/, and the finding to the run's folder.

    \b
    Examples:
      slipway input
      slipway input taxi --set training.memory_mb=0 --set training.input.prefetch=0
    """  # noqa: D301 (click wants the character)
    return launch(InputOrder(task, home, overrides, memory_mb, batches, as_json, context.obj.debug))
