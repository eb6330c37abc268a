"""From any exception to the one line that a person gets, and whether another attempt may end better."""

import errno
import signal
from typing import TypeVar

from components import op_error
from components.errors import ComponentFailed, SlipwayError
from components.op_error import causes

_NO_SPACE = "No space left on device"
_PASSING = frozenset({errno.EAGAIN, errno.ECONNREFUSED, errno.ECONNRESET, errno.EIO, errno.ETIMEDOUT})
# By name, as this module imports neither TensorFlow nor ML Metadata.
_PASSING_CLASSES = frozenset(
    {"AbortedError", "DeadlineExceededError", "MemoryError", "TimeoutError", "UnavailableError"}
)
_MARK = "can_pass"

Error = TypeVar("Error", bound=SlipwayError)


class Interrupted(SlipwayError):
    """The run was told to stop. An ordinary Exception, so that TFX publishes the running execution."""

    exit_code = 130


def interrupt(number: int, _: object) -> None:
    """Handles a signal that asks to stop."""
    raise Interrupted("The run was interrupted.", received=signal.Signals(number).name, fix="Run again to go on.")


def as_error(error: BaseException, node: str | None = None) -> SlipwayError:
    """Returns an error of the project: the one inside `error` if there is one, else one made from it.

    Args:
        error: What was raised, by a component or a library; Beam and TFX wrap exceptions in others.
        node: The node that raised it.
    """
    chain = list(causes(error))
    for inner in chain:
        if isinstance(inner, SlipwayError):
            return inner
    where = f"Node {node}" if node else "The run"
    if any(_is_disk_full(inner) for inner in chain):
        return ComponentFailed(
            f"{where} needs room on the disk.", received=_NO_SPACE.lower(), fix="Free some space, then run again."
        )
    told = op_error.culprit(error)
    said = op_error.gist(str(told)) or "no message"
    return ComponentFailed(
        f"{where} failed.", received=f"{type(told).__name__}: {said}", fix="The log has the traceback."
    )


def can_pass(error: BaseException) -> bool:
    """Returns whether the same work may succeed later: a time-out or a lost connection, not a wrong value."""
    chain = list(causes(error))
    for inner in chain:
        if isinstance(inner, SlipwayError):
            return bool(getattr(inner, _MARK, False))
    return any(
        type(inner).__name__ in _PASSING_CLASSES or (isinstance(inner, OSError) and inner.errno in _PASSING)
        for inner in chain
    )


def marked(error: Error, can_pass: bool) -> Error:
    """Returns the error, for which `can_pass` from now on says so."""
    setattr(error, _MARK, can_pass)
    return error


def _is_disk_full(error: BaseException) -> bool:
    return (isinstance(error, OSError) and error.errno == errno.ENOSPC) or _NO_SPACE in str(error)
