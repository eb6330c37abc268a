"""slipway similarity: how like each other the examples of each class are."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from components.settings import to_dict
from pipeline import tasks
from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.config import override
from pipeline.embedding.question import SimilarityQuestion
from pipeline.home import Home
from pipeline.runner.ask import ask
from pipeline.runner.next_steps import shown

WORKER = "pipeline.embedding.similarity_worker"


@click.command("similarity")
@click.argument("task")
@options.home
@options.overrides
@click.option(
    "--rows", type=click.IntRange(min=2), default=300, show_default=True, help="Examples in the picture at most."
)
@click.option("--split", default="eval", show_default=True, help="Whose examples.")
@options.as_json
@options.debug
def command(task: str, home: str | None, overrides: tuple[str, ...], rows: int, split: str, as_json: bool) -> None:
    """Draw how like each other the examples of TASK are, sorted by class, to a module.

    Two examples are as similar as the cosine of their vectors. The table has the mean over all pairs within a class and
    between it and the others, and the class that is nearest. The picture goes to the home's reports/.

    \b
    Examples:
      slipway similarity fashion
      slipway similarity fashion --rows 600 --split train
    """  # noqa: D301 (click wants the character)
    config = override(tasks.load(task), overrides)
    place = Home.existing(home)
    picture = place.reports / f"similarity-{task}.png"
    question = SimilarityQuestion(str(place.root), to_dict(config), rows, split, str(picture))
    found = ask(WORKER, asdict(question), "Loading TensorFlow and the module ...")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    classes = found["classes"]
    columns = {
        "Class": [one["class"] for one in classes],
        "Rows": [f"{one['rows']:,}" for one in classes],
        "Within": [_number(one["within"]) for one in classes],
        "Between": [_number(one["between"]) for one in classes],
        "Nearest": [one["nearest"] or "-" for one in classes],
        "To it": [_number(one["nearest_similarity"]) for one in classes],
    }
    print_table(columns, right=["Rows", "Within", "Between", "To it"])
    click.echo(f"\nMean similarity within classes {_number(found['within'])}, between {_number(found['between'])}.")
    click.echo(f"Picture  {shown(Path(found['picture']))}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
