"""slipway classify: the classes of files or texts."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from components.errors import UsageError
from components.model_description import ModelDescription
from pipeline.classification import served
from pipeline.classification.classify import classify
from pipeline.commands import options
from pipeline.commands.table import print_table
from pipeline.terminal import console

_STANDARD_INPUT = "-"
_SHORTENED = 40


@click.command("classify")
@click.argument("model", metavar="TASK|SERVING_DIR")
@click.argument("given", metavar="FILE|TEXT...", nargs=-1, required=True)
@options.home
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Classes of each at most.")
@options.others
@options.as_json
@options.debug
def command(
    model: str, given: tuple[str, ...], home: str | None, top: int, others: dict[str, str], as_json: bool
) -> None:
    """Say which classes a pushed model sees in image files, in sound files or in texts.

    The model is the newest pushed version of TASK, or the one in SERVING_DIR. What it takes it knows itself: give
    paths of files to one of pictures or sounds, and texts to one of texts; `-` reads a path or a text a line.

    \b
    Examples:
      slipway classify fashion shoe.png bag.jpg --top 3
      slipway classify drums hit.flac
      slipway classify reviews "A film to forget." --json
      slipway classify .slipway/serving/fashion/1763820000 shoe.png
    """  # noqa: D301 (click wants the character)
    folder = served.find(model, home)
    description = ModelDescription.read(folder)
    found = classify(folder, description, _items(given), others, top)
    if as_json:
        click.echo(json.dumps({"model": str(folder), "items": found}, indent=2))
        return
    _print(found, paths=description.main_kind != "text")
    if any(one["class"] is None for item in found for one in item["classes"]):
        console().print(
            "\nThe model has no names for its classes: put `classes.txt`, a name a line in the order of the labels, "
            "beside the TFRecords, and run the task again.",
            soft_wrap=True,
        )


def _items(given: Sequence[str]) -> list[str]:
    lines = [line for line in sys.stdin.read().splitlines() if line.strip()] if _STANDARD_INPUT in given else []
    items = [item for argument in given for item in (lines if argument == _STANDARD_INPUT else [argument])]
    if not items:
        raise UsageError("There must be something to classify.", received="no line on standard input")
    return items


def _print(found: Sequence[dict[str, Any]], paths: bool) -> None:
    rows = [(item["input"] if not number else "", one) for item in found for number, one in enumerate(item["classes"])]
    print_table(
        {
            "Input": [_short(name, paths) for name, _ in rows],
            "Class": [one["class"] if one["class"] is not None else str(one["id"]) for _, one in rows],
            "Probability": [f"{one['probability']:.3f}" for _, one in rows],
        },
        right=["Probability"],
    )


def _short(name: str, path: bool) -> str:
    """Returns how a text begins, or how a path ends."""
    if len(name) <= _SHORTENED:
        return name
    return f"...{name[3 - _SHORTENED :]}" if path else f"{name[: _SHORTENED - 3]}..."
