"""A task of a run, and how it stands."""

from dataclasses import dataclass

RUNNING, SUCCEEDED, CACHED = "RUNNING", "SUCCEEDED", "CACHED"
FAILED, SKIPPED, OMITTED = "FAILED", "SKIPPED", "OMITTED"
DONE = (SUCCEEDED, CACHED)


@dataclass(frozen=True)
class Step:
    """How a task stands.

    Args:
        name: The task.
        state: RUNNING, SUCCEEDED, CACHED, FAILED, SKIPPED where its condition did not hold, or OMITTED where something
            that it waits for did not succeed.
        seconds: How long it took.
        attempts: How often it was started.
        message: What went wrong.
        exit_code: That of its command if it failed; a negative one is the signal that ended it.
        last_line: What its command said last if it failed.
    """

    name: str
    state: str
    seconds: float = 0.0
    attempts: int = 0
    message: str | None = None
    exit_code: int | None = None
    last_line: str | None = None
