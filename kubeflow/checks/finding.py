"""One thing that would not run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A broken rule.

    Args:
        node: The task, component or executor; `pipeline` for the whole.
        rule: The rule, a sentence.
        received: What breaks it.
        by: Who refuses it, with the place in its source.
    """

    node: str
    rule: str
    received: str
    by: str
