"""slipway run: the main job."""

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.runner.launch import Order, launch
from pipeline.runner.request import BEAM, LOCAL, RunOptions


@click.command("run")
@click.argument("task", default="taxi")
@options.home
@options.overrides
@click.option("--from", "from_node", metavar="NODE", help="Start at this node, on what the latest run made before it.")
@click.option("--to", "to_node", metavar="NODE", help="Stop after this node.")
@click.option("--only", metavar="NODE", help="Run this node alone: --from and --to in one.")
@click.option("--resume", is_flag=True, help="Go on with the latest run of the task, whatever stopped it.")
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Nodes that run at the same time.  [default: the cores]"
)
@click.option("--no-cache", is_flag=True, help="Run every node, also where nothing changed.")
@click.option("--explain", is_flag=True, help="Say of each node why it ran, or took what an earlier run made.")
@click.option("--dry-run", is_flag=True, help="Show what would run and why; run nothing.")
@click.option(
    "--runner",
    type=click.Choice([LOCAL, BEAM]),
    default=LOCAL,
    show_default=True,
    help="What schedules the nodes: this project, or TFX's BeamDagRunner.",
)
@click.option(
    "--beam-arg",
    "beam_args",
    metavar="[NODE:]--NAME=VALUE",
    multiple=True,
    help="An option of Beam, such as --beam-arg=--runner=FlinkRunner. Can be given many times.",
)
@click.option("--force-bless", metavar="REASON", help="Bless the model whatever it misses; the reason stays with it.")
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
    only: str | None,
    resume: bool,
    jobs: int | None,
    no_cache: bool,
    explain: bool,
    dry_run: bool,
    runner: str,
    beam_args: tuple[str, ...],
    force_bless: str | None,
    quiet: bool,
) -> int:
    """Run a task's pipeline, from its TFRecords to a pushed model.

    TASK is one of `slipway tasks`; without it, taxi.

    \b
    Examples:
      slipway run
      slipway run taxi --set training.epochs=2 --set data.path=my/tfrecords
      slipway run taxi --from Trainer --no-cache
      slipway run taxi --resume
      slipway run taxi --beam-arg=Transform:--direct_running_mode=multi_processing

    \b
    Exit codes:
      0    pushed, or up to date
      1    a component failed
      2    the command line, the configuration or the home is at fault
      3    the data were refused
      4    the model was not blessed; nothing was pushed
      130  interrupted
    """  # noqa: D301 (click wants the character)
    if only and (from_node or to_node):
        raise UsageError("--only stands alone.", received="--only beside --from or --to", fix="Leave one of them out.")
    if force_bless is not None and not force_bless.strip():
        fix = "Say why, such as --force-bless 'the labels of today come late'."
        raise UsageError("--force-bless needs a reason.", received=f"--force-bless={force_bless!r}", fix=fix)
    chosen = RunOptions(
        from_node=from_node or only,
        to_node=to_node or only,
        jobs=jobs,
        no_cache=no_cache,
        explain=explain,
        dry_run=dry_run,
        runner=runner,
        force_bless=force_bless,
    )
    return launch(Order(task, home, overrides, beam_args, chosen, resume, quiet, debug=context.obj.debug))
