"""What a check says."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "broken"]


@dataclass(frozen=True)
class Row:
    """The outcome of one check.

    Args:
        name: The check.
        state: `ok`; `warning` where a run works but not as it should; `broken` where a run fails.
        detail: What was found.
        mend: The command that mends it, or what to do where no command does. None when all is well.
    """

    name: str
    state: State
    detail: str
    mend: str | None = None


def worst(rows: list[Row]) -> State:
    """Returns the worst state among the rows."""
    order: tuple[State, ...] = ("ok", "warning", "broken")
    return max((row.state for row in rows), key=order.index, default="ok")
