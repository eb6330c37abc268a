"""Tiny encoders, Transform's output and an exported model, made once for all tests of the task."""

import pytest

SIZE = 16


@pytest.fixture(scope="session")
def encoders(tmp_path_factory) -> dict[str, str]:
    """The arguments of the model that name its encoders."""
    from tests.pipeline.tasks.stamps import modules

    folder = tmp_path_factory.mktemp("encoders")
    return {
        "picture_encoder": str(modules.save_pictures(folder / "pictures")),
        "word_encoder": str(modules.save_words(folder / "words")),
    }


@pytest.fixture(scope="session")
def output(tmp_path_factory):
    from tests.pipeline.tasks.in_place import transform_output

    return transform_output("stamps", tmp_path_factory.mktemp("stamps"), size=SIZE)


@pytest.fixture(scope="session")
def model(output, encoders):
    import keras

    from pipeline.tasks.stamps.model import build_model

    keras.utils.set_random_seed(1)
    return with_opinions(build_model(output, **encoders))


def with_opinions(model):
    """The model with random weights of the classes, which are zeros at first."""
    import numpy as np

    kernel = model.get_layer("probabilities").kernel
    kernel.assign(np.random.default_rng(0).normal(size=kernel.shape))
    return model


@pytest.fixture(scope="session")
def signatures(model, output, tmp_path_factory):
    from tests.pipeline.tasks.in_place import exported

    return exported(model, output, "label", tmp_path_factory.mktemp("stamps_model") / "Format-Serving")
