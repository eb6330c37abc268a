"""The two streams of every command: tables and lines on standard output, errors on standard error."""

import sys
from typing import Any

from rich.console import Console


def console(**options: Any) -> Console:
    """Returns a console that prints text as it is: names and paths may hold brackets and colons.

    Args:
        **options: For rich's Console, such as `width`. Without any it is standard output.
    """
    return Console(markup=False, emoji=False, highlight=False, **options)


def print_error(message: str, traceback: str | None = None) -> None:
    """Prints an error as one line, after the traceback if there is one to show."""
    if traceback:
        print(traceback.rstrip(), file=sys.stderr)
    print(f"error: {' '.join(message.split())}", file=sys.stderr, flush=True)
