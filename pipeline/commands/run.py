"""slipway run: the main job."""

import click

from pipeline.commands import options
from pipeline.runner.launch import Order, launch
from pipeline.runner.request import RunOptions


@click.command("run")
@click.argument("task", default="taxi")
@options.home
@options.overrides
@click.option("--from", "from_node", metavar="NODE", help="Start at this node, on what the latest run made before it.")
@click.option("--to", "to_node", metavar="NODE", help="Stop after this node.")
@click.option("--no-cache", is_flag=True, help="Run every node, also where nothing changed.")
@click.option("--quiet", is_flag=True, help="Print only the last line.")
@options.debug
@click.pass_context
def command(
    context: click.Context,
    task: str,
    home: str | None,
    overrides: tuple[str, ...],
    from_node: str | None,
    to_node: str | None,
    no_cache: bool,
    quiet: bool,
) -> int:
    """Run a task's pipeline, from its TFRecords to a pushed model.

    TASK is one of `slipway tasks`; without it, taxi.

    \b
    Examples:
      slipway run
      slipway run taxi --set training.epochs=2 --set data.path=my/tfrecords
      slipway run taxi --from Trainer --no-cache

    \b
    Exit codes:
      0    pushed, or up to date
      1    a component failed
      2    the command line, the configuration or the home is at fault
      3    the data were refused
      4    the model was not blessed; nothing was pushed
      130  interrupted
    """  # noqa: D301 (click wants the character)
    chosen = RunOptions(from_node=from_node, to_node=to_node, no_cache=no_cache)
    return launch(Order(task, home, overrides, chosen, quiet, debug=context.obj.debug))
