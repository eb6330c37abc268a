"""What TensorFlow's errors say, without where in the graph it was. No TensorFlow here."""

import re

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
