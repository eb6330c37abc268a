"""Errors a person can act on: one line with the rule, what was received, and the next step."""

import difflib
from collections.abc import Iterable


class SlipwayError(Exception):
    """Says in one line which rule was broken, by what, and what to do next.

    Args:
        rule: The rule, as a full sentence.
        received: What broke it, usually `name=value`; None leaves the part out.
        fix: The next step, as a full sentence; None leaves the part out.

    Example:
        >>> str(UsageError("The batch must hold a row.", received="batch_size=0", fix="Give 1 or more."))
        'The batch must hold a row. Received: batch_size=0. Give 1 or more.'
    """

    exit_code = 1

    def __init__(self, rule: str, *, received: str | None = None, fix: str | None = None) -> None:
        self.rule, self.received, self.fix = rule, received, fix
        parts = [rule, f"Received: {received}." if received is not None else None, fix]
        super().__init__(" ".join(" ".join(part.split()) for part in parts if part))


class ComponentFailed(SlipwayError):
    """A component failed for a reason that is not the user's input."""

    exit_code = 1


class UsageError(SlipwayError):
    """The command line, the configuration or the home directory is at fault."""

    exit_code = 2


class DataRefused(SlipwayError):
    """The data broke the schema or cannot be read."""

    exit_code = 3


class NotBlessed(SlipwayError):
    """The model did not pass its evaluation; nothing was pushed."""

    exit_code = 4


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Returns the sentence that helps after a mistyped name.

    Args:
        name: What was typed.
        options: The names that exist.

    Returns:
        "Did you mean 'x'?" when something is close, else the list of what exists.
    """
    known = sorted(options)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(known)}." if known else "None is known."
