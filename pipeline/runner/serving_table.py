"""What ServingCheck found, for a person: what was measured, what failed and what was not run."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from components.serving_check.result import MEASURED
from pipeline.runner.state import Event


def serving_table(rows: Sequence[Event]) -> Table:
    """Returns a row per check that was measured, failed or was not run, and below how many others passed.

    Args:
        rows: Rows of the `serving_check` event.
    """
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Signature", no_wrap=True)
    for name in ("Check", "Seen", "Allowed"):
        table.add_column(name, overflow="fold")
    table.add_column("Passed", no_wrap=True)
    shown = [row for row in rows if row["passed"] is not True or row["rule"] in MEASURED]
    for row in shown:
        check = f"{row['case']}: {row['rule']}" if row["case"] else row["rule"]
        words = [row["signature"] or "-", check, row["seen"].removeprefix("not run: "), row["allowed"]]
        # Not as markup: a shape such as [5, 1] would be taken for a style.
        table.add_row(*map(Text, words), _passed(row["passed"]))
    table.caption = Text(f"{len(rows) - len(shown)} other checks passed", style="dim")
    table.caption_justify = "left"
    return table


def _passed(passed: bool | None) -> Text:
    if passed is None:
        return Text("not run", style="dim")
    return Text("yes", style="green") if passed else Text("no", style="bold red")
