import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.trainer import strategy
from tests.components.trainer import tiny


@pytest.fixture(scope="module")
def two_devices(transformed, tmp_path_factory):
    """What a process with two logical CPU devices found."""
    folder = tmp_path_factory.mktemp("two_devices")
    arguments = [str(folder), str(transformed.graph), transformed.patterns["train"], transformed.patterns["eval"]]
    done = subprocess.run(
        [sys.executable, "-m", "tests.components.trainer.two_devices", *arguments],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_default_takes_no_strategy_and_neither_does_mirrored_on_one_device():
    assert strategy.create("default") is tf.distribute.get_strategy()
    devices = max(1, len(tf.config.list_logical_devices("GPU")))
    mirrored = strategy.create("mirrored")
    assert mirrored.num_replicas_in_sync == devices
    assert (mirrored is tf.distribute.get_strategy()) == (devices == 1)


def test_a_replica_for_each_gpu_is_expected(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu"] * 3 if kind == "GPU" else ["cpu"])
    assert (strategy.replicas("mirrored"), strategy.replicas("default")) == (3, 1)


@pytest.mark.slow
def test_both_replicas_see_half_of_each_batch_and_together_every_row(two_devices):
    assert two_devices["replicas"] == 2
    assert all([len(share) for share in step] == [8, 8] for step in two_devices["shares"])
    seen = sorted(value for step in two_devices["shares"] for share in step for value in share)
    rows = [row["pixels"][0] for row in tiny.rows(tiny.ROWS["train"], seed=0)]
    np.testing.assert_array_equal(np.float32(seen), np.sort(np.float32(rows)))


@pytest.mark.slow
def test_two_replicas_learn_what_one_does_from_the_same_batches(two_devices):
    one, two = two_devices["one"], two_devices["two"]
    # Sums of float32 gradients in another order: 1e-7 a step, 20 steps through Adam.
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(two["history"][name], one["history"][name], rtol=1e-5)
    assert one["history"]["loss"][1] < one["history"]["loss"][0]


@pytest.mark.slow
def test_validation_with_uneven_shares_is_the_mean_over_rows(two_devices):
    # 48 rows in 10 batches: replicas get 3 and 2 rows of one, 2 and 2 of the next.
    np.testing.assert_allclose(
        two_devices["two"]["history"]["val_auc"], two_devices["one"]["history"]["val_auc"], atol=1e-3
    )


@pytest.mark.slow
def test_a_model_with_batch_statistics_and_a_split_on_disk_train_and_export(two_devices):
    course = two_devices["resumed"]
    assert course["history"]["loss"][1] < course["history"]["loss"][0]
    assert np.std(course["predictions"]) > 0.001


@pytest.mark.slow
def test_a_killed_training_goes_on_with_both_replicas(two_devices):
    whole, resumed = two_devices["two_with_statistics"], two_devices["resumed"]
    # Batch statistics are a value per replica while training; their mean is what is kept, so the last bits may differ.
    np.testing.assert_allclose(resumed["history"]["loss"], whole["history"]["loss"], rtol=1e-5)
