"""slipway new: a task made from a person's own data."""

import json
from pathlib import Path

import click

from components.settings import to_dict
from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.new import launch, problem, render
from pipeline.new.findings import Findings
from pipeline.runner.next_steps import shown


@click.command("new")
@click.argument("name")
@click.option("--from", "path", required=True, metavar="PATH", help="A CSV, or a folder of one of the kinds above.")
@click.option("--label", metavar="COLUMN", help="What is learned.  [default: label, target, class or y]")
@click.option("--leave-out", multiple=True, metavar="COLUMN", help="Learn nothing from it. Can be given many times.")
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    default=launch.PROJECT,
    metavar="DIR",
    help="The checkout that gets the task.  [default: this one]",
)
@options.as_json
@options.debug
def command(name: str, path: str, label: str | None, leave_out: tuple[str, ...], project: Path, as_json: bool) -> None:
    """Make the task NAME from data, ready to be run.

    PATH is a CSV or a folder of them with the same columns, a folder of TFRecords, or a folder that has a sub-folder of
    images or of audio for each class. Nothing is copied: the task reads the data where they are.

    \b
    Examples:
      slipway new iris --from iris.csv --label species
      slipway new birds --from photos/
    """  # noqa: D301 (click wants the character)
    order = launch.NewOrder(name, path, label, leave_out, project.absolute())
    findings = launch.launch(order)
    if as_json:
        click.echo(json.dumps(to_dict(findings), indent=2))
    else:
        _print(findings, order.project)


def _print(findings: Findings, project: Path) -> None:
    words = render.sentences(findings)
    click.echo(f"\n{findings.rows:,} rows, about {findings.eval_rows:,} of them for evaluation. {words['learned']}\n")
    table: dict[str, list[str]] = {
        "Learned from": [feature.name for feature in findings.features],
        "Type": [feature.type for feature in findings.features],
        "As": [feature.role for feature in findings.features],
        "There": [f"{feature.present:.0%}" for feature in findings.features],
    }
    print_table(table, right=["There"])
    click.echo()
    for column, reason in findings.left_out.items():
        click.echo(f"Left out  {column}: {reason}")
    for note in findings.notes:
        click.echo(f"Note      {note}")
    target = problem.target(findings)
    bound = ">=" if target.higher_is_better else "<="
    click.echo(f"To beat   {target.sentence}; pushed with {target.metric} {bound} {target.threshold:g}")
    for place in render.paths(findings.name).values():
        click.echo(f"Written   {shown(project / place)}/")
    click.echo(f"Run it    python local_runner.py {findings.name}")
