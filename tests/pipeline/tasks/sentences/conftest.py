"""An encoder in small, Transform's output for it and an exported model, made once for all tests of the task."""

import pytest


@pytest.fixture(scope="session")
def encoder(tmp_path_factory) -> str:
    pytest.importorskip("safetensors")
    from tests.components.trainer import tiny_encoder

    return str(tiny_encoder.write(tmp_path_factory.mktemp("encoder")))


@pytest.fixture(scope="session")
def output(encoder, tmp_path_factory):
    from tests.pipeline.tasks.in_place import transform_output

    return transform_output("sentences", tmp_path_factory.mktemp("sentences"), encoder=encoder)


@pytest.fixture(scope="session")
def model(output, encoder):
    import keras

    from pipeline.tasks.sentences.model import build_model

    keras.utils.set_random_seed(1)
    return build_model(output, encoder=encoder)


@pytest.fixture(scope="session")
def exported_model(model, output, tmp_path_factory):
    """The folder of the exported model."""
    from components.trainer import export
    from components.trainer.export import TransformGraph

    folder = tmp_path_factory.mktemp("sentences_model") / "Format-Serving"
    export.save(model, TransformGraph(output, "positive"), folder)
    return folder


@pytest.fixture(scope="session")
def signatures(exported_model):
    import tensorflow as tf

    return tf.saved_model.load(str(exported_model)).signatures
