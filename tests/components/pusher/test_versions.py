"""Versions appear whole, in order and for good, whoever else writes or reads."""

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from components.pusher import versions

FILES = ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001", "assets/words")


@pytest.fixture
def model(tmp_path) -> Path:
    for name in FILES:
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name * 100)
    return tmp_path / "model"


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "serving" / "taxi"


def content(version: Path) -> dict[str, str]:
    return {str(path.relative_to(version)): path.read_text() for path in version.rglob("*") if path.is_file()}


def test_a_version_is_a_copy_under_the_time(model, folder):
    before = int(time.time())
    path = versions.publish(model, folder)
    assert before <= int(path.name) <= time.time()
    assert content(path) == content(model)
    assert versions.numbers(folder) == [int(path.name)]


def test_numbers_go_up_within_a_second_and_when_the_clock_has_gone_back(model, folder, monkeypatch):
    monkeypatch.setattr("components.pusher.versions.time.time", lambda: 5000.9)
    assert [versions.publish(model, folder).name for _ in range(3)] == ["5000", "5001", "5002"]
    monkeypatch.setattr("components.pusher.versions.time.time", lambda: 17.0)
    assert versions.publish(model, folder).name == "5003"
    monkeypatch.setattr("components.pusher.versions.time.time", lambda: 9000.0)
    assert versions.publish(model, folder).name == "9000"


def test_what_is_no_version_does_not_count(folder):
    (folder / "12").mkdir(parents=True)
    (folder / "notes").mkdir()
    (folder / ".unfinished-9").mkdir()
    (folder / "99").write_text("a file")
    assert versions.numbers(folder) == [12]
    assert versions.numbers(folder / "nowhere") == []


@pytest.mark.parametrize(("keep", "left"), [(None, 4), (1, 1), (3, 3), (9, 4)])
def test_the_newest_are_kept(model, folder, keep, left):
    made = [int(versions.publish(model, folder, keep).name) for _ in range(4)]
    assert versions.numbers(folder) == made[-left:]
    assert {path.name for path in folder.iterdir()} == set(map(str, made[-left:]))


def test_a_disk_that_is_full_leaves_nothing(model, folder, monkeypatch):
    first = versions.publish(model, folder)

    def full(source, target, **_):
        Path(target).mkdir()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OSError, match="No space left"):
        versions.publish(model, folder)
    assert {path.name for path in folder.iterdir()} == {first.name}


def test_what_a_killed_writer_has_left_is_removed_by_the_next(model, folder):
    code = (
        "import os, signal, sys; from pathlib import Path; from components.pusher import versions\n"
        "versions._sync = lambda folder: os.kill(os.getpid(), signal.SIGKILL)\n"
        "versions.publish(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(model), str(folder)], check=False)
    assert done.returncode == -9
    assert versions.numbers(folder) == []
    assert any(path.name.startswith(".unfinished-") for path in folder.iterdir())
    path = versions.publish(model, folder)
    assert {found.name for found in folder.iterdir()} == {path.name}


def test_processes_that_push_at_once_get_versions_of_their_own(model, folder):
    code = (
        "import sys; from pathlib import Path; from components.pusher import versions\n"
        "for _ in range(5): versions.publish(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(model), str(folder)]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    found = versions.numbers(folder)
    assert len(found) == 15
    assert all(content(folder / str(number)) == content(model) for number in found)


@pytest.mark.slow
def test_a_reader_never_sees_a_part_of_a_model_during_100_pushes(model, folder):
    whole, done, seen, partial = content(model), threading.Event(), set(), []

    def read() -> None:
        while not done.is_set():
            for number in versions.numbers(folder)[-2:]:
                found = {}
                with contextlib.suppress(FileNotFoundError):
                    found = content(folder / str(number))
                seen.add(number)
                # One that is removed while it is read goes as a whole.
                if found != whole and (folder / str(number)).exists():
                    partial.append((number, sorted(found)))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(100):
        versions.publish(model, folder, keep=3)
    done.set()
    reader.join()
    assert partial == []
    assert len(seen) > 20


def test_going_back_is_noted_in_the_copy_only(model, folder):
    first = versions.publish(model, folder)
    copy = versions.publish(first, folder, rolled_back_to=int(first.name))
    assert versions.origin(folder, int(copy.name)) == versions.origin(folder, int(first.name)) == int(first.name)
    assert content(first) == content(model)
    assert set(content(copy)) == {*FILES, os.fspath(versions.NOTE_FILE)}
