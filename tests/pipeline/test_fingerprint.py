"""The fingerprint follows imports, and nothing but code counts."""

import importlib
import sys

import pytest

from components.errors import UsageError
from pipeline import fingerprint as module
from pipeline.fingerprint import closure, fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A user's package: `entry` imports `middle`, which imports `helper`; `alone` is imported by nobody."""
    root = tmp_path / "userpackage"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "entry.py").write_text(
        "import json\nfrom userpackage import middle\n\ndef run_fn():\n    return middle.f()\n"
    )
    (root / "middle.py").write_text("def f():\n    from .helper import g\n    return g()\n")
    (root / "helper.py").write_text('"""Helps."""\n\ndef g():\n    """Returns one."""\n    return 1  # one\n')
    (root / "alone.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    module._file_of.cache_clear()
    yield root
    module._file_of.cache_clear()
    for name in [name for name in sys.modules if name.startswith("userpackage")]:
        del sys.modules[name]


def test_the_closure_holds_what_is_imported_two_modules_away(package):
    assert set(closure(["userpackage.entry"])) == {
        "userpackage",
        "userpackage.entry",
        "userpackage.middle",
        "userpackage.helper",
    }


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("helper.py", "def g():\n    return 2\n", True),
        ("helper.py", "def g():\n\n    # another remark\n    return (1)\n", False),
        ("alone.py", "x = 2\n", False),
        ("__init__.py", "y = 1\n", True),
        ("README.md", "words", False),
    ],
)
def test_an_edit_changes_the_digest_only_if_code_that_runs_has_changed(package, file, text, changes):
    before = fingerprint("userpackage.entry.run_fn")
    (package / file).write_text(text)
    assert (fingerprint("userpackage.entry.run_fn") != before) == changes


def test_what_only_type_checkers_import_does_not_count(package):
    (package / "entry.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from userpackage import middle\n"
    )
    assert set(closure(["userpackage.entry"])) == {"userpackage", "userpackage.entry"}


def test_transform_does_not_depend_on_how_the_model_is_trained_and_judged():
    names = closure(["pipeline.tasks.taxi.preprocessing"])
    assert not {"pipeline.config", "pipeline.tasks.taxi.model", "pipeline.tasks.taxi.task"} & set(names)


def test_the_trainers_closure_has_no_installed_package():
    names = closure(["components.trainer.run_fn"])
    assert "components.trainer.config" in names
    assert {name.partition(".")[0] for name in names} == {"components"}


def test_a_module_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match=r"userpackage\.nothing"):
        fingerprint("userpackage.nothing.run_fn")
