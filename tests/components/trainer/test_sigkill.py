"""A training that is killed for good, at any step and while it writes its state, ends as if nothing had been."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("loop", ["fit", "custom"])
def test_not_one_bit_differs(tmp_path, loop):
    command = [sys.executable, "-m", "tests.components.trainer.sigkill", loop, str(tmp_path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    killed, whole = (np.load(tmp_path / f"{name}.npz") for name in ("killed", "whole"))
    assert set(killed) == set(whole) >= {"loss", "val_loss", "dense/kernel", "adam/iteration"}
    for name in set(whole) - {"input_wait"}:  # A time.
        np.testing.assert_array_equal(killed[name], whole[name], err_msg=name)
