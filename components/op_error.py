"""What TensorFlow's errors say, without where in the graph it was. No TensorFlow here."""

import re
from collections.abc import Iterator

_NODES = re.compile(r"\{\{.*?\}\}")
# How the lines begin that tell where in the graph it happened.
_PLACES = ("Graph execution error", "Detected at", "<stack", "File ", "[[")
_LONGEST = 200


def gist(message: str) -> str:
    r"""Returns the line of an operation's error message that says what it did not like, "" if none does.

    Example:
        >>> gist("Graph execution error:\n\n{{function_node f}} assertion failed: [no rows]\n")
        'assertion failed: [no rows]'
    """
    lines = [line.strip() for line in _NODES.sub("", message).splitlines()]
    told = [line for line in lines if line and not line.startswith(_PLACES)]
    return told[0][:_LONGEST].rstrip(".") if told else ""


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yields an exception and what caused it, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def culprit(error: BaseException) -> BaseException:
    """Returns the operation's error that Beam, Keras or others have wrapped in this one; without one, this one."""
    return next((inner for inner in causes(error) if _is_of_operation(inner)), error)


def _is_of_operation(error: BaseException) -> bool:
    # By name, as this module imports no TensorFlow.
    return any(kind.__name__ == "OpError" for kind in type(error).__mro__)
