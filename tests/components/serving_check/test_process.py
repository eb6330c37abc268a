"""The clean process: what it cannot see, and that it does not outlive who wants it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.serving_check import clean_process, process

HIDING = """
import runpy, sys
sys.path.extend(sys.argv[2:])
hidden = runpy.run_path(sys.argv[1])["Hidden"]()
sys.meta_path.insert(0, hidden)
for name in ("components", "keras", "components.errors"):
    try:
        __import__(name)
    except ImportError as error:
        print(error)
"""

PARENT = """
import subprocess, sys
from components.serving_check import process
child = subprocess.Popen(process.command("sleep", "100"))
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_our_packages_and_keras_are_not_there():
    words = [sys.executable, "-I", "-S", "-c", HIDING, clean_process.__file__, *process._site_packages()]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(process.__file__).parents[2])
    assert done.stdout.splitlines()[:2] == [
        "components is not there for a served model.",
        "keras is not there for a served model.",
    ]
    assert len(done.stdout.splitlines()) == 3


def test_the_project_is_not_on_the_path_that_it_gets():
    project = Path(process.__file__).parents[2]
    assert project not in [Path(path) for path in process._site_packages()]
    assert any((Path(path) / "tensorflow").is_dir() for path in process._site_packages())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_process_ends_with_its_parent_however_that_ends():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child = Path("/proc") / parent.stdout.readline().strip()
    assert child.exists()
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    end = time.monotonic() + 10
    while child.exists() and "State:\tZ" not in _status(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not child.exists() or "State:\tZ" in _status(child)


def _status(folder: Path) -> str:
    try:
        return (folder / "status").read_text()
    except OSError:
        return "State:\tZ"


def test_a_line_that_was_cut_by_a_kill_is_left_out(tmp_path):
    (tmp_path / clean_process.ANSWERS).write_text('{"event": "imported"}\n{"event": "asking", "sig')
    clean = process.CleanProcess(tmp_path)
    with clean:
        assert clean._events() == [{"event": "imported"}]
