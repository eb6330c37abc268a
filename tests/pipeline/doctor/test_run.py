import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import doctor
from pipeline.doctor.native import MODULES
from pipeline.doctor.row import Row

ROOT = Path(__file__).parents[3]
HEAVY = ("tensorflow", "tfx", "keras", "apache_beam", "ml_metadata", "tfx_bsl", "rich")
BLOCK = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "tfx", "rich", "pydantic", "yaml", "packaging"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Refuse())
"""


@pytest.fixture
def rows(monkeypatch):
    """What the checks say, for a test to choose."""
    chosen: list[Row] = []
    monkeypatch.setattr(doctor, "examine", lambda home, deep: chosen)
    return chosen


@pytest.mark.parametrize(("states", "code"), [(["ok"], 0), (["ok", "warning"], 0), (["broken", "ok"], 1)])
@pytest.mark.parametrize("as_json", [False, True])
def test_exit_code(rows, capsys, states, code, as_json):
    rows += [Row(f"check {state}", state, "detail") for state in states]
    assert doctor.run(as_json=as_json) == code
    out = capsys.readouterr().out
    assert all(f"check {state}" in out for state in states)
    assert out.startswith("{") == as_json


def test_works_where_nothing_imports(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BLOCK)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.doctor", "--json", "--home", str(tmp_path / "home")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    states = {check["name"]: check["state"] for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert done.stderr == ""
    # The packages lie there and their libraries load; only their import is blocked, which the tasks run into.
    assert states["stack"] == states["load TensorFlow"] == "ok"
    assert states["task taxi"] == "broken"


def test_imports_nothing_heavy_and_is_quick(tmp_path):
    """CPU seconds of the whole process and its children: unlike the clock they do not depend on who else runs."""
    code = (
        "import sys; from pipeline import doctor; doctor.run();"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "SLIPWAY_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stderr == "[]\n"
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 2.0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_deep_imports_everything(tmp_path):
    states = {row.name: row.state for row in doctor.examine(tmp_path / "home", deep=True)}
    assert {name: states[f"import {name}"] for name in MODULES} == dict.fromkeys(MODULES, "ok")
