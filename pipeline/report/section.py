"""One part of a page."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Section:
    """One part of a page: the facts, and the template that draws them.

    Args:
        id: Its name in the page's address, `a-z` and `-` only.
        title: Its heading.
        template: The template below `templates`, such as `sections/dag.html`, which sees the facts as `facts`.
        facts: Values of Python, which the template escapes: none of them is markup.
    """

    id: str
    title: str
    template: str
    facts: Any
