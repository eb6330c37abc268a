"""The part of CEL that conditions of pipelines use, read by hand (KFP/v2/expression/expression.go has cel-go read it).

Comparisons, `&&`, `||`, `!`, brackets, paths into the inputs, texts, numbers and truth values. As in CEL, values of
different kinds are never equal and have no order, a condition must be true or false, and what one side of `&&` or `||`
decides is decided whatever is wrong with the other.

>>> holds("inputs.x['a'] == 1.0 && !(inputs.y[0] == 'no')", {"inputs": {"x": {"a": 1}, "y": ["yes"]}})
True
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.errors import ComponentFailed

_TOKEN = re.compile(
    r"\s*(&&|\|\||==|!=|<=|>=|[<>!().\[\]]|'[^'\\]*'|\"[^\"\\]*\"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z_]\w*)"
)
_EQUALITIES: dict[str, Callable[[Any, Any], bool]] = {"==": operator.eq, "!=": operator.ne}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = {"true": True, "false": False}

Term = Callable[[], Any]
"""Part of a condition that was read: returns its value, or raises what is wrong with it."""


def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Returns whether a condition holds.

    Args:
        condition: The condition.
        values: What its names mean.

    Raises:
        ComponentFailed: It cannot be read, or names something that is not there: KFP's driver fails then.
    """
    try:
        return _truth(_Reader(condition, values).read()())
    except (LookupError, TypeError, ValueError) as error:
        raise ComponentFailed(
            "A condition must be about what is there.", received=f"{condition} ({type(error).__name__}: {error})"
        ) from None


class _Reader:
    """Reads a condition from left to right."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self._tokens = _tokens(text)
        self._values = values

    def read(self) -> Term:
        term = self._either()
        if self._tokens:
            raise ValueError(f"{self._tokens[0]} is too much")
        return term

    def _take(self, *wanted: str) -> str | None:
        return self._tokens.pop(0) if self._tokens and self._tokens[0] in wanted else None

    def _need(self, token: str) -> None:
        if not self._take(token):
            raise ValueError(f"no {token}")

    def _next(self) -> str:
        if not self._tokens:
            raise ValueError("it ends too early")
        return self._tokens.pop(0)

    def _either(self) -> Term:
        terms = [self._both()]
        while self._take("||"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else lambda: _decided(terms, True)

    def _both(self) -> Term:
        terms = [self._comparison()]
        while self._take("&&"):
            terms.append(self._comparison())
        return terms[0] if len(terms) == 1 else lambda: _decided(terms, False)

    def _comparison(self) -> Term:
        left = self._single()
        if sign := self._take(*_EQUALITIES, *_ORDERS):
            right = self._single()
            return lambda: _compared(sign, left(), right())
        return left

    def _single(self) -> Term:
        if self._take("!"):
            term = self._single()
            return lambda: not _truth(term())
        if self._take("("):
            term = self._either()
            self._need(")")
            return term
        token = self._next()
        if token[0] in "'\"":
            return lambda: token[1:-1]
        if token[0].isdigit() or token[0] == "-":
            return lambda: float(token)
        if token in _WORDS:
            return lambda: _WORDS[token]
        return self._path(lambda: self._values[token])

    def _path(self, value: Term) -> Term:
        while sign := self._take(".", "["):
            if sign == ".":
                value = _inside(value, self._next())
                continue
            value = _inside(value, self._single()())
            self._need("]")
        return value


def _inside(value: Term, key: Any) -> Term:
    return lambda: value()[int(key) if isinstance(key, float) else key]


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value} is neither true nor false")
    return value


def _decided(terms: Sequence[Term], deciding: bool) -> bool:
    """Returns `deciding` if a term is that, whatever is wrong with others."""
    wrong: Exception | None = None
    for term in terms:
        try:
            if _truth(term()) is deciding:
                return deciding
        except (LookupError, TypeError, ValueError) as error:
            wrong = wrong or error
    if wrong:
        raise wrong
    return not deciding


def _compared(sign: str, left: Any, right: Any) -> bool:
    kinds = {_kind(left), _kind(right)}
    if sign in _EQUALITIES:
        return _EQUALITIES[sign](left, right) if len(kinds) == 1 else sign == "!="
    if len(kinds) > 1 or kinds == {None}:
        raise TypeError(f"{left} and {right} have no order")
    return _ORDERS[sign](left, right)


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else None


def _tokens(text: str) -> list[str]:
    found, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if not match:
            raise ComponentFailed("A condition must be CEL.", received=text)
        found.append(match[1])
        place = match.end()
    return found
