"""The examples in docstrings run and show what they say."""

import doctest
import importlib
import re
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).resolve().parents[1]


def _with_examples() -> list[str]:
    files = [file for room in ("components", "kubeflow", "pipeline") for file in sorted((ROOT / room).rglob("*.py"))]
    found = [file.relative_to(ROOT) for file in files if re.search(r"^\s*>>> ", file.read_text(), re.MULTILINE)]
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in found]


@pytest.mark.parametrize("name", _with_examples())
def test_the_examples_of_a_module(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Keras counts the layers of a process in their names.
    keras.utils.clear_session(free_memory=False)
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0
