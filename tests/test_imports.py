"""TensorFlow takes seconds to import: what a person types at must not load it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("tensorflow", "keras", "tfx", "tfx_bsl", "tensorflow_transform", "tensorflow_model_analysis", "apache_beam")


@pytest.mark.parametrize(
    "module",
    [
        "local_runner",
        "pipeline.cli",
        "pipeline.config",
        "pipeline.commands.new",
        "pipeline.commands.run",
        "pipeline.doctor",
        "pipeline.home",
    ],
)
def test_the_command_line_loads_no_tensorflow(module):
    code = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"

    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == []
