"""The part of CEL that conditions of pipelines use.

>>> holds("inputs.x['a'] == 1.0 && !(inputs.y[0] == 'no')", {"inputs": {"x": {"a": 1}, "y": ["yes"]}})
True
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from components.errors import ComponentFailed

_TOKEN = re.compile(r"\s*(&&|\|\||==|!=|<=|>=|[<>!().\[\]]|'[^']*'|-?\d+(?:\.\d+)?|[A-Za-z_]\w*)")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = {"true": True, "false": False}


def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Returns whether a condition holds.

    Args:
        condition: The condition.
        values: What its names mean.

    Raises:
        ComponentFailed: It cannot be read, or names something that is not there: KFP's driver fails then.
    """
    try:
        return bool(_Reader(condition, values).read())
    except (LookupError, TypeError, ValueError) as error:
        raise ComponentFailed(
            "A condition must be about what is there.", received=f"{condition} ({type(error).__name__}: {error})"
        ) from None


class _Reader:
    """Reads and evaluates a condition from left to right."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self._tokens = _tokens(text)
        self._values = values

    def read(self) -> Any:
        value = self._either()
        if self._tokens:
            raise ValueError(f"{self._tokens[0]} is too much")
        return value

    def _take(self, *wanted: str) -> str | None:
        return self._tokens.pop(0) if self._tokens and self._tokens[0] in wanted else None

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise ValueError(f"no {token}")

    def _either(self) -> Any:
        value = self._both()
        while self._take("||"):
            value = self._both() or value
        return value

    def _both(self) -> Any:
        value = self._comparison()
        while self._take("&&"):
            value = self._comparison() and value
        return value

    def _comparison(self) -> Any:
        left = self._single()
        sign = self._take(*_COMPARISONS)
        return _COMPARISONS[sign](left, self._single()) if sign else left

    def _single(self) -> Any:
        if self._take("!"):
            return not self._single()
        if self._take("("):
            value = self._either()
            self._need(")")
            return value
        token = self._tokens.pop(0)
        if token[0] == "'":
            return token[1:-1]
        if token[0].isdigit() or token[0] == "-":
            return float(token)
        return _WORDS[token] if token in _WORDS else self._path(self._values[token])

    def _path(self, value: Any) -> Any:
        while sign := self._take(".", "["):
            if sign == ".":
                value = value[self._tokens.pop(0)]
                continue
            key = self._single()
            self._need("]")
            value = value[int(key) if isinstance(key, float) else key]
        return value


def _tokens(text: str) -> list[str]:
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if not match:
            raise ComponentFailed("A condition must be CEL.", received=text)
        found.append(match[1])
        place = match.end()
    return found
