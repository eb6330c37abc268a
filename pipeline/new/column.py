"""What is known about a column once all its values were seen, in bounded memory."""

import math
import re
from collections import Counter
from typing import Literal

MOST_DISTINCT = 20_000
"""Values that are told apart in a column; with more of them it only counts as having very many."""

_INT = re.compile(r"[+-]?(0|[1-9]\d{0,17})", re.ASCII)  # Not 007: a code that only looks like a number.
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_LEADING_ZERO = re.compile(r"[+-]?0\d")
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?")

Type = Literal["INT", "FLOAT", "BYTES", "nothing"]


class Column:
    """Takes in the values of a column, one by one.

    Args:
        name: Its name.
        declared: The type of its values where they have one; None tells it by how they are written.
    """

    def __init__(self, name: str, declared: Literal["INT", "FLOAT", "BYTES"] | None = None) -> None:
        self.name, self.declared = name, declared
        self.rows = self.present = self.words = self.characters = self.dates = 0
        self.types: Counter[Type] = Counter()
        self.values: Counter[str] = Counter()
        self.overflowed = False
        self.minimum, self.maximum = math.inf, -math.inf
        self.mean = self._squares = 0.0
        self.first_text: str | None = None
        self.counts_up = True
        self._last: float | None = None

    def add(self, text: str | None) -> None:
        """Takes in a value as it is written; None is one that is missing."""
        self.rows += 1
        if text is None:
            self.counts_up = False
            return
        self.present += 1
        if text in self.values or len(self.values) < MOST_DISTINCT:
            self.values[text] += 1
        else:
            self.overflowed = True
        kind = self.declared or type_of(text)
        self.types[kind] += 1
        if kind == "BYTES":
            self._add_text(text)
        else:
            self._add_number(float(text))

    def _add_text(self, text: str) -> None:
        self.first_text = self.first_text or text
        self.counts_up = False
        self.words += len(text.split())
        self.characters += len(text)
        self.dates += _DATE.fullmatch(text) is not None

    def _add_number(self, value: float) -> None:
        self.minimum, self.maximum = min(self.minimum, value), max(self.maximum, value)
        numbers = self.types["INT"] + self.types["FLOAT"]
        change = value - self.mean
        self.mean += change / numbers
        self._squares += change * (value - self.mean)
        self.counts_up = self.counts_up and (self._last is None or value == self._last + 1)
        self._last = value

    @property
    def type(self) -> Type:
        """The type that holds all values; `nothing` where there are none."""
        if not self.present:
            return "nothing"
        if self.types["BYTES"]:
            return "BYTES"
        return "FLOAT" if self.types["FLOAT"] else "INT"

    @property
    def distinct(self) -> int:
        """How many different values there are, up to a bound."""
        return len(self.values)

    @property
    def missing(self) -> int:
        """How many rows have no value."""
        return self.rows - self.present

    @property
    def deviation(self) -> float:
        """The standard deviation of the numbers."""
        return math.sqrt(self._squares / max(1, self.types["INT"] + self.types["FLOAT"]))


def type_of(text: str) -> Literal["INT", "FLOAT", "BYTES"]:
    """Returns the type of a value as it is written.

    Example:
        >>> type_of("-3"), type_of("2.5e3"), type_of("007"), type_of("north")
        ('INT', 'FLOAT', 'BYTES', 'BYTES')
    """
    if _INT.fullmatch(text):
        return "INT"
    if _FLOAT.fullmatch(text) and not _LEADING_ZERO.match(text) and math.isfinite(float(text)):
        return "FLOAT"
    return "BYTES"
