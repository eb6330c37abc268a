"""A recipe of two stages on two replicas, computed by one process for all tests."""

import json
import subprocess
import sys

import numpy as np
import pytest

FROZEN = ["body/bias", "norm/gamma", "norm/beta", "norm/moving_mean", "norm/moving_variance"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def replicas():
    command = [sys.executable, "-m", "tests.components.trainer.recipe_replicas"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


# Four float32 steps whose sums run in another order; float16 has 2**-11 of relative error in each activation.
@pytest.mark.parametrize(("run", "tolerance"), [("two", 2e-6), ("mixed", 2e-3)])
def test_two_replicas_take_the_steps_of_one(replicas, run, tolerance):
    assert replicas["replicas"] == 2
    for path, weight in replicas["one"]["weights"].items():
        np.testing.assert_allclose(replicas[run]["weights"][path], weight, atol=tolerance, err_msg=path)
    assert replicas[run]["copies_differ"] == []


@pytest.mark.parametrize("run", ["one", "two", "mixed"])
def test_frozen_weights_and_statistics_keep_every_bit(replicas, run):
    assert replicas[run]["unchanged"] == FROZEN


@pytest.mark.parametrize("run", ["one", "two", "mixed"])
def test_stage_change_keeps_the_steps_of_the_head(replicas, run):
    # Of the stage, of the head in both stages, of the body in the second; the first, if any, is the loss scale's own.
    assert replicas[run]["steps"][-3:] == [2, 4, 2]
    assert replicas[run]["optimizer"] == ("LossScaleOptimizer" if run == "mixed" else "GroupOptimizer")
