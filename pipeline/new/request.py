"""What the process that holds TensorFlow is asked."""

from dataclasses import dataclass

from pipeline.new.findings import Findings, Source


@dataclass(frozen=True)
class NewRequest:
    """The data of one new task.

    Args:
        name: The task's name.
        source: The data.
        label: The label that was asked for.
        leave_out: Columns to do without.
        findings: What is known already; None where it takes TensorFlow to look.
    """

    name: str
    source: Source
    label: str | None = None
    leave_out: tuple[str, ...] = ()
    findings: Findings | None = None
