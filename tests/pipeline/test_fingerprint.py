"""The fingerprint follows imports, and nothing but code counts."""

import importlib
import importlib.metadata
import subprocess
import sys

import pytest

from components.errors import UsageError
from pipeline import fingerprint as module
from pipeline.fingerprint import closure, fingerprint, versions
from pipeline.fingerprint import modules as fingerprint_modules


def _forget():
    for cached in (module._file_of, module._spec):
        cached.cache_clear()


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
    _forget()
    yield root
    _forget()
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


def test_no_module_is_imported_to_be_read():
    code = (
        "import sys; from pipeline.fingerprint import modules;"
        "assert 'components.trainer.layers.dense' in modules('pipeline.tasks.fashion.model.build_model',"
        " 'components.trainer.run_fn.run_fn'); assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_edit_shows_in_the_module_that_it_was_made_in(package):
    before = fingerprint_modules("userpackage.entry.run_fn")
    (package / "helper.py").write_text("def g():\n    return 3\n")
    after = fingerprint_modules("userpackage.entry.run_fn")
    assert {name for name in before if before[name] != after[name]} == {"userpackage.helper"}


def test_versions_are_those_of_the_environment():
    assert versions()["tfx"] == importlib.metadata.version("tfx")
    assert {"keras", "tensorflow", "tensorflow-transform"} < set(versions())
