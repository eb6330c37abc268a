"""KFP's cron expressions: six fields, the first of which are seconds.

The scheduler's parser (github.com/robfig/cron, KFP/crd/controller/scheduledworkflow) takes five fields too, and reads
them as seconds, minutes, hours, days, months: a file for crontab would run at other times than its author meant.
"""

import re
from dataclasses import dataclass

from components.errors import UsageError

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_WORDS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_EVERY = re.compile(r"@every (\d+(\.\d+)?(h|m|s))+")
_EXAMPLE = "Example: '0 30 2 * * *', each night at 02:30 UTC."


@dataclass(frozen=True)
class _Field:
    """A field: its name, its bounds, and the words for its values, beginning with the lower bound."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        if text.upper() in self.words:
            return self.words.index(text.upper()) + self.least
        number = int(text) if re.fullmatch(r"\d{1,2}", text) else -1
        return number if self.least <= number <= self.most else None

    def takes(self, part: str) -> bool:
        """Returns whether `*`, `a`, `a-b`, or one of these with `/step` stands here."""
        match = re.fullmatch(r"(\*|\?|(\w+)(?:-(\w+))?)(?:/(\d+))?", part)
        if not match or match[4] == "0":
            return False
        if match[1] in "*?":
            return True
        first = self.number(match[2])
        last = first if match[3] is None else self.number(match[3])
        return first is not None and last is not None and first <= last


_FIELDS = (
    _Field("seconds", 0, 59),
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("days of the month", 1, 31),
    _Field("months", 1, 12, _MONTHS),
    _Field("days of the week", 0, 6, _DAYS),
)


def check(expression: str) -> str:
    """Returns an expression, without blanks around it.

    Raises:
        UsageError: It has not six fields, or one of them holds what KFP's scheduler does not know.
    """
    expression = expression.strip()
    if expression in _WORDS or _EVERY.fullmatch(expression):
        return expression
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        fix = f"With seconds before crontab's five: '0 {expression}'." if len(fields) == 5 else _EXAMPLE
        rule = "KFP's cron has six fields: seconds, minutes, hours, days, months, days of the week."
        raise UsageError(rule, received=expression or "nothing", fix=fix)
    for field, text in zip(_FIELDS, fields, strict=True):
        for part in text.split(","):
            if not field.takes(part):
                rule = f"The {field.name} of a cron expression must lie in {field.least}-{field.most}."
                raise UsageError(rule, received=f"{part} in '{expression}'", fix=_EXAMPLE)
    return expression
