"""A recipe of two stages on two replicas, computed by one process for all tests."""

import json
import subprocess
import sys

import numpy as np
import pytest

FROZEN = ["body/bias", "norm/gamma", "norm/beta", "norm/moving_mean", "norm/moving_variance"]
RUNS = ["one", "fit", "custom", "fit, mixed", "custom, mixed"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def replicas():
    command = [sys.executable, "-m", "tests.components.trainer.recipe_replicas"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


# 16 float32 steps whose sums run in another order; float16 has 2**-11 of relative error in each activation.
@pytest.mark.parametrize(
    ("run", "tolerance"), [("fit", 2e-6), ("custom", 2e-6), ("fit, mixed", 2e-3), ("custom, mixed", 2e-3)]
)
def test_two_replicas_take_the_steps_of_one(replicas, run, tolerance):
    assert replicas["replicas"] == 2
    for path, weight in replicas["one"]["weights"].items():
        np.testing.assert_allclose(replicas[run]["weights"][path], weight, atol=tolerance, err_msg=path)
    assert replicas[run]["copies_differ"] == []


def test_the_custom_loop_measures_the_same_on_two_replicas(replicas):
    for name, values in replicas["one"]["history"].items():
        # Also over the odd validation batches, of which one replica gets more rows than the other.
        np.testing.assert_allclose(replicas["custom"]["history"][name], values, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("run", RUNS)
def test_frozen_weights_and_statistics_keep_every_bit(replicas, run):
    first, second = replicas[run]["unchanged"]
    assert sorted(first) == sorted([*FROZEN, "body/kernel"])
    assert sorted(second) == sorted(FROZEN)


@pytest.mark.parametrize("run", RUNS)
def test_a_stage_goes_on_with_the_steps_of_the_head(replicas, run):
    # Of the stage, of the head in both stages, of the body in the second: four an epoch.
    assert replicas[run]["steps"] == [8, 16, 8]
