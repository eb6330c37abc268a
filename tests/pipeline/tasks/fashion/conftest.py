"""Transform's output and an exported model, made once for all tests of the task."""

import pytest


@pytest.fixture(scope="session")
def output(tmp_path_factory):
    from tests.pipeline.tasks.in_place import transform_output

    return transform_output("fashion", tmp_path_factory.mktemp("fashion"))


@pytest.fixture(scope="session")
def signatures(output, tmp_path_factory):
    import keras

    from pipeline.tasks.fashion.model import build_model
    from tests.pipeline.tasks.in_place import exported

    keras.utils.set_random_seed(1)
    folder = tmp_path_factory.mktemp("fashion_model") / "Format-Serving"
    return exported(build_model(output, filters=[4]), output, "label", folder)
