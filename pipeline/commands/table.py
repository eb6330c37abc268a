"""Tables of the listing commands."""

import dataclasses
import hashlib
import json
import string
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from rich.table import Table

from pipeline.terminal import console

WIDE = 1000
"""Columns of what may hold a path: the terminal may break lines, and who copies one wants all of it."""

_READABLE = 60


def date_text(moment: float) -> str:
    """Returns a moment, in seconds since 1970, in the time of this place."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def bytes_text(size: float) -> str:
    """Returns a number of bytes in the largest unit of which there is one."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def brief_text(value: Any) -> str:
    """Returns a value for a person: of what is too long to be read, only that it is different matters."""
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) <= _READABLE:
        return text
    digest = text if set(text) <= set(string.hexdigits) else hashlib.sha256(text.encode()).hexdigest()
    return digest[:12]


def print_table(
    columns: Mapping[str, Sequence[str]],
    right: Sequence[str] = (),
    folded: Sequence[str] | None = None,
    narrowest: int = 0,
) -> None:
    """Prints a table on standard output.

    Args:
        columns: Title to the texts below it, all of the same number. The first column is not wrapped, as people copy
            from it, unless it would take more than half of the width.
        right: Titles of the columns that are flush right.
        folded: Titles of the columns that get more lines where there is no room; None takes all but the first.
        narrowest: Columns that the table gets at least; a terminal that has fewer breaks the lines.
    """
    width = max(console().width, narrowest)
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for number, (title, texts) in enumerate(columns.items()):
        short = max(map(len, texts), default=0) <= width // 2
        whole = short if number == 0 else folded is not None and title not in folded
        table.add_column(title, justify="right" if title in right else "left", overflow="fold", no_wrap=whole)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    console(width=width).print(table)


def print_records(
    records: Sequence[Any],
    columns: Mapping[str, Callable[[Any], str]],
    right: Sequence[str],
    none: str,
    as_json: bool,
) -> None:
    """Prints records of the metadata store, as a table or as JSON.

    Args:
        records: Dataclasses, all of one kind.
        columns: Title to what of a record stands below it.
        right: Titles of the columns that are flush right.
        none: What a person is told where there are none.
        as_json: Whether a program reads it.
    """
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(record) for record in records], indent=2))
    elif records:
        print_table({title: [text(record) for record in records] for title, text in columns.items()}, right)
    else:
        click.echo(none)
