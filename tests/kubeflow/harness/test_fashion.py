"""The whole image pipeline from its compiled file through an S3 server; on digits where no clothes are installed."""

import numpy as np
import pytest

from tests.kubeflow.harness import whole

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

LOWER = "evaluation.thresholds.SparseCategoricalAccuracy.lower"
SMALL = ("training.epochs=1", "training.model.params.filters=[4,8]", f"{LOWER}=0.0")


@pytest.fixture(scope="module")
def place(tmp_path_factory, s3):
    from pipeline.tasks.fashion.data import prepare

    place = whole.Place("fashion", tmp_path_factory.mktemp("fashion"), s3)
    prepare(place.data, rows=700, shards=1, seed=0)
    place.compile(*SMALL, "kubeflow.retries=0")
    return place


def test_an_image_model_is_pushed_and_is_that_of_a_local_run(place, run_local, capsys):
    code = place.kfp_local()
    run = whole.told(capsys.readouterr().out)
    assert (code, run["state"], run["exit_code"]) == (0, "succeeded", 0), run
    assert {step["state"] for step in run["steps"]} == {"succeeded"}

    local, examples = place.locally(run_local, *SMALL), whole.records(place.data, 100)
    here = whole.served(local.version, examples)["probabilities"]
    there = whole.served(whole.versions(place.serving)[0], examples)["probabilities"]
    assert there.shape == (100, 10)
    # Both train in several threads, whose order decides on the last bit of a sum.
    np.testing.assert_allclose(there, here, atol=1e-5)
    found = place.evaluation(run["run"])
    assert found.keys() == local.metrics.keys()
    for slice_key, values in local.metrics.items():
        assert found[slice_key] == pytest.approx(values, abs=1e-4, nan_ok=True)
