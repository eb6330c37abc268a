"""Which rows of a table are wanted.

>>> Selection("type_id = ?", 3).before(20).where
' WHERE type_id = ? AND id < ?'
"""

from collections.abc import Mapping
from typing import Any

from components.errors import UsageError, did_you_mean


class Selection:
    """Conditions that must all hold, with the values of their parameters.

    Args:
        condition: The first one; empty for none.
        *values: Its values.
    """

    def __init__(self, condition: str = "", *values: Any) -> None:
        self._conditions = [condition] if condition else []
        self.values = list(values)

    @property
    def where(self) -> str:
        """What follows the names of the tables in a query."""
        return f" WHERE {' AND '.join(self._conditions)}" if self._conditions else ""

    def add(self, condition: str, *values: Any) -> "Selection":
        """Adds a condition, and returns the selection."""
        self._conditions.append(condition)
        self.values += values
        return self

    def before(self, row: int | None) -> "Selection":
        """Adds that rows are older than one; None adds nothing."""
        return self if row is None else self.add("id < ?", row)

    def state(self, column: str, name: str | None, known: Mapping[int, str]) -> "Selection":
        """Adds that rows are in a state; None adds nothing.

        Raises:
            UsageError: There is no such state.
        """
        if name is None:
            return self
        found = [number for number, state in known.items() if state == name]
        if not found:
            raise UsageError(
                "A state must be one of ML Metadata's.", received=name, fix=did_you_mean(name, known.values())
            )
        return self.add(f"{column} = ?", found[0])
