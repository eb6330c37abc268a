"""The rows as a table for a person, or as JSON for a script.

No library draws the table: the doctor must speak where no package is installed.
"""

import dataclasses
import json
import textwrap
from typing import Any

from pipeline.doctor.row import Row, State, worst

_COLORS = {"ok": "32", "warning": "33", "broken": "31"}
_STATE_WIDTH = max(len(state) for state in _COLORS)


def as_json(rows: list[Row]) -> str:
    """Returns `{"state": worst, "checks": [{"name", "state", "detail", "mend"}]}`."""
    values: dict[str, Any] = {"state": worst(rows), "checks": [dataclasses.asdict(row) for row in rows]}
    return json.dumps(values, indent=2)


def as_table(rows: list[Row], width: int = 100, color: bool = False) -> str:
    """Returns a table; under a row that is not ok stands the command that mends it, on one line to be copied.

    Args:
        rows: The rows.
        width: Columns; only commands and paths may go beyond.
        color: Whether the states have colors.
    """
    name_width = max((len(row.name) for row in rows), default=0)
    lines, mends = list[str](), set[str]()
    for row in rows:
        lines += _lines(row, name_width, width, color, said=row.mend in mends)
        mends |= {row.mend} if row.mend else set()
    return "\n".join([*lines, "", _summary(rows)])


def _lines(row: Row, name_width: int, width: int, color: bool, said: bool) -> list[str]:
    indent = " " * (_STATE_WIDTH + name_width + 4)
    detail = textwrap.wrap(
        row.detail, max(width - len(indent), 20), break_on_hyphens=False, break_long_words=False
    ) or [""]
    first = f"{_state(row.state, color)}  {row.name:<{name_width}}  {detail[0]}"
    mend = [f"{indent}-> {'as above' if said else row.mend}"] if row.mend else []
    return [first, *(indent + line for line in detail[1:]), *mend]


def _state(state: State, color: bool) -> str:
    text = f"{state:<{_STATE_WIDTH}}"
    return f"\x1b[{_COLORS[state]}m{text}\x1b[0m" if color else text


def _summary(rows: list[Row]) -> str:
    broken = sum(row.state == "broken" for row in rows)
    warnings = sum(row.state == "warning" for row in rows)
    if broken:
        return f"{broken} broken, {warnings} warning. Do what stands behind ->, from the top, then look again."
    if warnings:
        return f"Nothing broken, {warnings} warning."
    return "All is well."
