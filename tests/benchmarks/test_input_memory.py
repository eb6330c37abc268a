"""Reading from disk takes no more memory than it is allowed to; `benchmarks/input.py --large` does it with 10 GB."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_data_set_from_disk_stays_within_the_memory(tmp_path):
    command = [sys.executable, "-m", "benchmarks.input_memory", str(tmp_path), "700"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert 0.3 < float(done.stdout.splitlines()[-1]) < 1.5
