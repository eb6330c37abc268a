"""Metrics, losses and optimizers on two replicas, computed by one process for all tests."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.components.trainer import loop_cases
from tests.components.trainer.metrics.cases import ONE_OF_EACH_STATE

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize("name", ["two", "two, accumulated", "two, three steps an execution"])
def test_the_custom_loop_takes_the_steps_of_one_replica_with_batches_of_any_size(replicas, name):
    # Each pass ends with 11 rows: 6 and 5, or 4 and 4, then 2 and 1.
    one, two = replicas["loop"]["one"], replicas["loop"][name]
    np.testing.assert_allclose(two["weights"], one["weights"], atol=1e-6)
    for metric, values in one["history"].items():
        # Sums of float32 in another order.
        np.testing.assert_allclose(two["history"][metric], values, atol=1e-6, err_msg=metric)


@pytest.mark.parametrize("loop", ["fit", "custom"])
def test_losses_and_metrics_of_several_outputs_are_those_of_one_replica(replicas, loop):
    one, two = replicas["outputs"][loop]
    assert set(one) == set(two) > {"val_loss", "val_price_loss", "val_kind_loss", "val_kind_accuracy"}
    for name, values in one.items():
        # Sums of float32 in another order, over six steps.
        np.testing.assert_allclose(two[name], values, atol=2e-6, err_msg=name)


def test_the_custom_loop_weighs_rows_on_replicas(replicas):
    _, labels, weights = loop_cases.VALIDATION.data
    two = replicas["loop"]["two"]
    mean = np.average(np.square(np.array(two["predictions"]) - labels), weights=weights)
    assert two["history"]["val_mean_squared_error"][-1] == pytest.approx(mean, abs=1e-6)


def test_the_custom_loop_is_as_precise_in_float16_on_two_replicas(replicas):
    one, two = replicas["loop"]["one"], replicas["loop"]["two, mixed precision"]
    # Float16 has 11 bits, an error of 5e-4 in each number; steps are clipped to 0.02.
    assert 0 < np.abs(np.subtract(two["weights"], one["weights"])).max() < 3e-4
    np.testing.assert_allclose(two["history"]["val_loss"], one["history"]["val_loss"], atol=1e-3)


def test_a_gradient_that_overflows_on_one_replica_skips_the_step_on_all(replicas):
    overflow, finite = replicas["overflow"]["overflow"], replicas["overflow"]["finite"]
    assert overflow == {"weight": 1.0, "scale": 2.0}
    # A gradient of 1 on each of two replicas, divided by the scale of 2.
    assert finite == {"weight": 0.0, "scale": 2.0}
