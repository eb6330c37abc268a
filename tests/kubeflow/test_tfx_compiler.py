"""The recording is what TFX still compiles."""

import pytest

from tests.kubeflow import recorded


@pytest.mark.slow
def test_tfx_compiles_what_was_recorded():
    from kubeflow.tfx_compiler import compile_with_tfx
    from tests.kubeflow import small_pipeline

    found = compile_with_tfx(small_pipeline.create(), recorded.IMAGE)

    expected = recorded.stock()
    # It says which Python has compiled.
    assert {**found.job, "labels": None} == {**expected.job, "labels": None}
    assert found.defaults == expected.defaults
    assert found.classes == expected.classes
