import pytest

from pipeline.runner import log

CHAINED = """2026-01-01 INFO something
Traceback (most recent call last):
  File "a.py", line 1, in <module>
ValueError: too old, not part of it
2026-01-01 INFO more
Traceback (most recent call last):
  File "a.py", line 1, in f
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "b.py", line 2, in g
    f()
    ~^^
RuntimeError: no kernel
2026-01-01 INFO after
"""


@pytest.fixture
def log_file(tmp_path):
    return tmp_path / "log.txt"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("\n \n", None),
        ("one\ntwo\n\n", "two"),
        ("one\n  two, unfinished", "two, unfinished"),
        ("x" * 500, "x" * 157 + "..."),
        ("last words\nFatal Python error: Segmentation fault\n\nExtension modules: numpy (total: 1)\n", "last words"),
        ("\x1b\xff binary\n", "\x1b\xff binary"),
    ],
)
def test_last_line(log_file, text, expected):
    log_file.write_text(text)
    assert log.last_line(log_file) == expected


def test_bytes_that_are_no_text_do_not_stop_the_reader(log_file):
    log_file.write_bytes(b"\xff\xfe end\n")
    assert log.last_line(log_file).endswith("end")


def test_the_last_traceback_comes_with_what_caused_it(log_file):
    log_file.write_text(CHAINED)
    shown = log.last_traceback(log_file)
    assert shown.splitlines()[0] == "Traceback (most recent call last):"
    assert "KeyError: 'x'" in shown
    assert shown.endswith("RuntimeError: no kernel")
    assert "too old" not in shown


def test_no_traceback(log_file):
    log_file.write_text("all is well\n")
    assert log.last_traceback(log_file) is None


def test_only_the_end_of_a_huge_log_is_read(log_file):
    log_file.write_text("Traceback (most recent call last):\n" + "line\n" * 400_000)
    assert log.last_traceback(log_file) is None
    assert log.last_line(log_file) == "line"
