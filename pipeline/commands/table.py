"""Tables of the listing commands."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from pipeline.terminal import console


def print_table(columns: Mapping[str, Sequence[str]], right: Sequence[str] = ()) -> None:
    """Prints a table on standard output.

    Args:
        columns: Title to the texts below it, all of the same number. The first column is never wrapped: a person copies
            from it.
        right: Titles of the columns that are flush right.
    """
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for number, title in enumerate(columns):
        table.add_column(title, justify="right" if title in right else "left", overflow="fold", no_wrap=number == 0)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    console().print(table)
