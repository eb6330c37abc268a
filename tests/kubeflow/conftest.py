"""The folder `kubeflow/` is importable for these tests, also where the Kubeflow SDK is installed."""

import pytest

from pipeline.kubeflow_code import make_importable

make_importable()


@pytest.fixture
def stock():
    from tests.kubeflow import recorded

    return recorded.stock()


@pytest.fixture(scope="session")
def adapted():
    """What becomes of the recorded pipeline for KFP; not to be changed."""
    from kubeflow.adaptation import for_kfp
    from tests.kubeflow import recorded

    return for_kfp(recorded.stock(), recorded.order(), recorded.TASK, "f" * 64)
