"""Metrics, losses and optimizers on two replicas, computed by one process for all tests."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.components.trainer.metrics.cases import ONE_OF_EACH_STATE


@pytest.fixture(scope="module")
def replicas():
    command = [sys.executable, "-m", "tests.components.trainer.two_replicas"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ONE_OF_EACH_STATE)
def test_metrics_merge_and_reset(replicas, name):
    assert replicas["replicas"] == 2
    got = replicas["metrics"][name]
    assert got["value"] == pytest.approx(got["reference"], abs=1e-6)
    assert got["value"] > 0
    assert got["after_reset"] == 0


@pytest.mark.parametrize("name", ["plain", "clipped"])
def test_two_replicas_take_the_steps_of_one(replicas, name):
    one, two = replicas["weights"][name]
    for alone, together in zip(one, two, strict=True):
        # Three float32 steps whose sums run in another order.
        np.testing.assert_allclose(together, alone, atol=2e-6)
