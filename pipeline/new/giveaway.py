"""Columns that give the label away: what is only known once the answer is, such as the lifeboat of who was saved."""

from collections import Counter
from collections.abc import Container, Iterator

from pipeline.csv_table import Row

_MOST_VALUES = 50
_RIGHT = 0.95
_MISTAKES_LEFT = 0.2


class Giveaways:
    """Takes in rows and says which columns alone nearly tell the class.

    Args:
        label: The column that is learned.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._classes: Counter[str] = Counter()
        self._seen: dict[str, dict[str | None, Counter[str]]] = {}
        self._open: set[str] | None = None

    def add(self, row: Row) -> None:
        """Takes in a row; one without a label counts for nothing."""
        label = row[self._label]
        if label is None:
            return
        if self._open is None:
            self._open = set(row) - {self._label}
        self._classes[label] += 1
        for name in tuple(self._open):
            values = self._seen.setdefault(name, {})
            values.setdefault(row[name], Counter())[label] += 1
            if len(values) > _MOST_VALUES:
                self._open.remove(name)
                del self._seen[name]

    def notes(self, columns: Container[str]) -> Iterator[str]:
        """Yields a sentence about each of some columns that is one."""
        rows = sum(self._classes.values())
        usual = max(self._classes.values(), default=0)
        for name, values in self._seen.items():
            right = sum(max(labels.values()) for labels in values.values())
            if name in columns and right >= _RIGHT * rows and rows - right <= _MISTAKES_LEFT * (rows - usual):
                yield (
                    f"`{name}` alone tells `{self._label}` in {right / rows:.0%} of the rows: unless it is known when "
                    f"the model serves, leave it out with --leave-out {name}"
                )
