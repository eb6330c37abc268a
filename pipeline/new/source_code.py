"""Values and sentences as they stand in code, formatted as `ruff format` would."""

import re
import textwrap
from collections.abc import Mapping
from typing import Any

WIDTH = 120

_UNUSUAL = re.compile(r"[^\x20-\x7eÀ-ÖØ-öø-ÿ]")


def literal(value: Any) -> str:
    """Returns a value as Python source on one line.

    Example:
        >>> print(literal(("it's", 1.5)), literal({"a": ["b"]}))
        ("it's", 1.5) {"a": ["b"]}
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(_items(value)) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(_items(value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, list):
        return "[" + ", ".join(_items(value)) + "]"
    return repr(value)


def _items(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{literal(key)}: {literal(item)}" for key, item in value.items()]
    return [literal(item) for item in value]


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\")
    # What is no letter of Western Europe may look like another character.
    text = _UNUSUAL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    if '"' in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', '\\"') + '"'


def assigned(name: str, value: Any, indent: int = 0, equals: str = " = ") -> str:
    """Returns an assignment, or an argument with `equals="="`: on one line, or with a line for each item.

    Args:
        name: What it is assigned to.
        value: A value.
        indent: Spaces before it, which are there already.
        equals: What stands between the two.
    """
    line = f"{name}{equals}{literal(value)}"
    end = 1 if indent else 0  # The comma after an argument.
    if indent + len(line) + end <= WIDTH or isinstance(value, str) or not value:
        return line + ("  # noqa: E501" if indent + len(line) + end > WIDTH and not indent else "")
    whole = literal(value)
    opening, closing = whole[0], whole[-1]
    inner, outer = " " * (indent + 4), " " * indent
    items = "".join(f"{inner}{item},\n" for item in _items(value))
    return f"{name}{equals}{opening}\n{items}{outer}{closing}"


def doc(text: str, start: str = "") -> str:
    """Returns a sentence as lines of a docstring or a comment.

    Args:
        text: The sentence.
        start: What each line but the first begins with.
    """
    plain = _UNUSUAL.sub("?", text.replace("\\", "/").replace('"""', "'''"))
    return textwrap.fill(plain, WIDTH - 2, subsequent_indent=start, break_on_hyphens=False)


def proto_text(text: str) -> str:
    """Returns a string as protobuf's text format has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f]", lambda found: f"\\{ord(found[0]):03o}", escaped) + '"'
