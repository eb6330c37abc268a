"""slipway compile: a task's pipeline as a file for Kubeflow."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click

from components.settings import to_dict
from components.whole_file import whole_file
from pipeline import tasks
from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.config import override
from pipeline.kubeflow_order import BASELINES, TARGETS, Order, check, places, require_sdk
from pipeline.runner.ask import ask


@click.command("compile")
@click.argument("task")
@click.option("--target", type=click.Choice(TARGETS), default="kfp", show_default=True, help="Where it will run.")
@click.option("--image", required=True, help="The image of the steps.")
@click.option("--pipeline-root", required=True, metavar="URI", help="Where artifacts go, such as s3://bucket/slipway.")
@click.option("--data", "data_uri", metavar="URI", help="The TFRecords as the steps see them.  [default: the volume's]")
@click.option(
    "--baseline",
    type=click.Choice(BASELINES),
    default="pointer",
    show_default=True,
    help="What models must beat (kfp).",
)
@options.overrides
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="File to write.")
@options.debug
def command(
    task: str,
    target: Literal["kfp", "vertex"],
    image: str,
    pipeline_root: str,
    data_uri: str | None,
    baseline: Literal["pointer", "none"],
    overrides: tuple[str, ...],
    output: Path | None,
) -> None:
    """Compile a task's pipeline for Kubeflow Pipelines 2.x or Vertex.

    What KFP or Argo would refuse is refused here. Without --output, the file goes to standard output.

    \b
    Examples:
      slipway compile taxi --image my/slipway:1 --pipeline-root s3://mlpipeline/root -o taxi.yaml
      slipway compile taxi --target vertex --image IMAGE --pipeline-root gs://bucket/root
    """  # noqa: D301 (click wants the character)
    require_sdk()
    config = override(tasks.load(task), overrides)
    found = places(config, target, pipeline_root, data_uri)
    order = Order(to_dict(config), target, image, pipeline_root, *found, baseline)
    check(order, config.kubeflow)
    question = {"module": "compilation", "arguments": asdict(order)}
    answer = ask("pipeline.kubeflow_worker", question, f"Compiling {task} for {target}")
    if output is None:
        click.echo(answer["text"], nl=False)
        return
    _write(output, answer["text"])
    _print(answer["parameters"])
    click.echo(f"Written  {output}")


def _write(path: Path, text: str) -> None:
    """Writes the file, which appears whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def _print(parameters: dict[str, dict[str, Any]]) -> None:
    """Prints what can be set at submit time."""
    names = sorted(parameters)
    print_table(
        {
            "Parameter": names,
            "Type": [parameters[name]["parameterType"] for name in names],
            "Default": [str(parameters[name].get("defaultValue", "(must be given)")) for name in names],
        }
    )
