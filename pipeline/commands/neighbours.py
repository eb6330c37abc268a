"""slipway neighbours: the examples that are most like one."""

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
from pipeline.embedding.question import NeighboursQuestion
from pipeline.home import Home
from pipeline.runner.ask import ask
from pipeline.runner.next_steps import shown

WORKER = "pipeline.embedding.neighbours_worker"
_SHORTENED = 60


@click.command("neighbours")
@click.argument("task")
@click.argument("query")
@options.home
@options.overrides
@click.option("--k", type=click.IntRange(min=1), default=5, show_default=True, help="How many neighbours.")
@click.option("--split", default="eval", show_default=True, help="Where to look for them.")
@options.others
@options.as_json
@options.debug
def command(
    task: str,
    query: str,
    home: str | None,
    overrides: tuple[str, ...],
    k: int,
    split: str,
    others: dict[str, str],
    as_json: bool,
) -> None:
    """Find the examples of TASK that are most like QUERY, by the cosine of what a module says about them.

    QUERY is a text, or the path of an image or a sound file, as a client of the model would send it; or #ROW, a row of
    the split. The module is that of the task's `embedding`. The split is that of the latest run, embedded once.

    \b
    Examples:
      slipway neighbours fashion shoe.png
      slipway neighbours fashion '#12' --k 10
      slipway neighbours drums '#3' --set embedding.module=converted:efficientnet-lite0
    """  # noqa: D301 (click wants the character)
    config = override(tasks.load(task), overrides)
    question = NeighboursQuestion(str(Home.existing(home).root), to_dict(config), query, others, k, split)
    found = ask(WORKER, asdict(question), "Loading TensorFlow and the module ...")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    rows = found["neighbours"]
    columns = {
        "Row": [f"#{one['row']}" for one in rows],
        "Distance": [f"{one['distance']:.3f}" for one in rows],
        "Label": [_label(one) for one in rows],
        "Example": [_example(one["example"]) for one in rows],
    }
    print_table(columns, right=["Distance"])
    click.echo(f"\nAmong {found['rows']:,} rows of {found['split']}; the distance is 1 - cosine.")
    if found["picture"]:
        click.echo(f"Picture  {shown(Path(found['picture']))}")


def _label(one: dict[str, Any]) -> str:
    return "-" if one["label"] is None else str(one["label"] if one["class"] is None else one["class"])


def _example(values: dict[str, Any] | None) -> str:
    if values is None:
        return "-"
    texts = (f"{name}: {' '.join(str(value).split())}" for name, value in values.items())
    return ", ".join(text if len(text) <= _SHORTENED else f"{text[: _SHORTENED - 3]}..." for text in texts)
