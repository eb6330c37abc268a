"""Whatever was raised, a person gets one line and scripts get the right exit code."""

import errno

import pytest

from components.errors import DataRefused, SlipwayError
from pipeline.runner.failure import Interrupted, as_error


def _wrapped(inner: BaseException) -> BaseException:
    try:
        try:
            raise inner
        except BaseException as error:
            raise RuntimeError("a worker failed") from error
    except RuntimeError as outer:
        return outer


class OpError(Exception):
    """By its name, what TensorFlow derives the errors of operations from."""


class NotFoundError(OpError):
    pass


@pytest.mark.parametrize(
    ("error", "text", "exit_code"),
    [
        (ValueError("bad\nsecond line"), "Node Trainer failed. Received: ValueError: bad.", 1),
        (
            _wrapped(
                NotFoundError("Graph execution error:\n\nDetected at node x\n{{node y}} assets/words: No such file\n")
            ),
            "Node Trainer failed. Received: NotFoundError: assets/words: No such file.",
            1,
        ),
        (ValueError(""), "Received: ValueError: no message.", 1),
        (OSError(errno.ENOSPC, "No space left on device"), "Node Trainer needs room on the disk.", 1),
        (_wrapped(OSError(errno.ENOSPC, "full")), "Node Trainer needs room on the disk.", 1),
        (RuntimeError("/x/y; No space left on device [while running 'Write']"), "needs room on the disk", 1),
        (_wrapped(DataRefused("The data must match the schema.", received="fare")), "Received: fare.", 3),
        (_wrapped(Interrupted("The run was interrupted.")), "The run was interrupted.", 130),
    ],
)
def test_any_exception_becomes_one_line(error, text, exit_code):
    known = as_error(error, "Trainer")
    assert isinstance(known, SlipwayError)
    assert text in str(known)
    assert "\n" not in str(known)
    assert known.exit_code == exit_code


def test_a_chain_that_is_a_circle_ends():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert "ValueError: a" in str(as_error(first))
