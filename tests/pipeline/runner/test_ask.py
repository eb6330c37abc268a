"""A question goes to another process as JSON; its errors come back as if they had been raised here."""

import sys
from pathlib import Path

import pytest

from components.errors import DataRefused, SlipwayError
from pipeline.runner.answer import answer
from pipeline.runner.ask import WorkerTraceback, ask


def respond(question):
    if question["text"] == "bad":
        raise DataRefused("The text must be good.", received="bad")
    if question["text"] == "bug":
        raise ZeroDivisionError
    return {"text": question["text"][::-1]}


def test_the_answer_comes_back():
    assert ask(__name__, {"text": "abc"}, "Waiting ...") == {"text": "cba"}


def test_an_error_comes_back_with_its_exit_code_and_its_traceback():
    with pytest.raises(SlipwayError, match=r"^The text must be good\. Received: bad\.$") as caught:
        ask(__name__, {"text": "bad"}, "Waiting ...")
    assert caught.value.exit_code == DataRefused.exit_code
    assert isinstance(caught.value.__cause__, WorkerTraceback)
    assert 'raise DataRefused("The text must be good."' in str(caught.value.__cause__)


def test_a_fault_is_one_line_too():
    with pytest.raises(SlipwayError, match="ZeroDivisionError") as caught:
        ask(__name__, {"text": "bug"}, "Waiting ...")
    assert caught.value.exit_code == 1


if __name__ == "__main__":
    sys.exit(answer(Path(sys.argv[1]), respond))
