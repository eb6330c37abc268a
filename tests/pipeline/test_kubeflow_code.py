"""The folder `kubeflow/` and the Kubeflow SDK, a package of the same name, side by side."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def sdk(tmp_path):
    """A stand-in for the SDK: a regular package with a sub-package."""
    package = tmp_path / "site" / "kubeflow"
    (package / "trainer").mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = 'of the SDK'\n")
    (package / "trainer" / "__init__.py").write_text("TrainerClient = 'client'\n")
    return tmp_path / "site"


def python(code, *path, cwd=PROJECT):
    command = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": ":".join(map(str, path))}
    answer = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split("\n")[:-1]


def test_the_sdk_is_not_shadowed_even_from_the_projects_folder(sdk):
    code = "import kubeflow; from kubeflow.trainer import TrainerClient; print(kubeflow.__version__, TrainerClient)"

    assert python(code, PROJECT, sdk) == ["of the SDK client"]


def test_our_modules_are_found_beside_it(sdk):
    code = (
        "from pipeline.kubeflow_code import import_code; found = import_code('spec'); print(found.__file__); "
        "import kubeflow.trainer; print(kubeflow.__version__, kubeflow.trainer.TrainerClient)"
    )

    assert python(code, PROJECT, sdk) == [str(PROJECT / "kubeflow" / "spec.py"), "of the SDK client"]


def test_our_modules_are_found_without_it_and_from_anywhere(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from pipeline.kubeflow_code import import_code; "
        "del sys.path[0]; print(import_code('spec').__file__)"
    )

    assert python(code, cwd=tmp_path) == [str(PROJECT / "kubeflow" / "spec.py")]


def test_a_module_can_be_run_beside_the_sdk(sdk, tmp_path):
    given = json.dumps({"inputs": {"parameterValues": {"folder": str(tmp_path)}}})
    code = (
        "import runpy, sys; sys.argv = ['x', 'step.exit_handler', '--executor_input', sys.argv[1]]; "
        "runpy.run_module('pipeline.kubeflow_code', run_name='__main__')"
    )

    command = [sys.executable, "-c", code, given]
    environment = {"PYTHONPATH": f"{PROJECT}:{sdk}"}
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / ".slipway" / "runs" / "unknown.json").exists()
