import inspect
import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline import tasks
from pipeline.tasks.fashion.model import build_model, build_resnet
from pipeline.tasks.fashion.preprocessing import PIXELS
from pipeline.tf_example import example
from tests.pipeline.tasks.fashion.images import encoded, noise
from tests.pipeline.tasks.in_place import ROOT

BATCH = np.random.default_rng(0).uniform(size=(6, 28, 28, 1)).astype(np.float32)


@pytest.fixture(params=[build_model, build_resnet], scope="module")
def model(request, output) -> keras.Model:
    keras.utils.set_random_seed(1)
    return request.param(output, filters=[4, 8])


def test_it_maps_pixels_to_probabilities(model):
    assert [tensor.name for tensor in model.inputs] == [PIXELS]
    outputs = model(BATCH).numpy()
    assert outputs.shape == (6, 10)
    np.testing.assert_allclose(outputs.sum(1), 1, atol=1e-5)


def test_augmentation_acts_in_training_only(model):
    augmentation = model.get_layer("augmentation")
    np.testing.assert_array_equal(augmentation(BATCH), BATCH)
    np.testing.assert_array_equal(augmentation(BATCH, training=False), BATCH)
    assert (augmentation(BATCH, training=True).numpy() != BATCH).any(axis=(1, 2, 3)).sum() >= 4
    np.testing.assert_array_equal(model(BATCH), model(BATCH))


def test_augmentation_can_be_left_out(output):
    for build in (build_model, build_resnet):
        names = [layer.name for layer in build(output, filters=[4], augment=False).layers]
        assert "augmentation" not in names


def test_it_is_saved_and_loaded(model, tmp_path):
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(BATCH), model(BATCH))


def test_mixed_precision_keeps_probabilities_exact(output):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        models = [build(output, filters=[4]) for build in (build_model, build_resnet)]
    finally:
        keras.config.set_dtype_policy("float32")
    assert {model(BATCH).dtype for model in models} == {tf.float32}


def test_both_models_take_every_parameter_of_the_task():
    wanted = set(tasks.load("fashion").training.model.params)
    for build in (build_model, build_resnet):
        assert set(inspect.signature(build).parameters) - {"tft_output"} == wanted


@pytest.mark.slow
def test_it_is_served_encoded_images(signatures):
    files = [encoded(noise(28, 28)), encoded(noise(300, 200, 3), "JPEG"), encoded(noise(1, 1)), encoded(noise(9, 9, 4))]
    predict = signatures["serving_default"]
    [(name, spec)] = predict.structured_input_signature[1].items()
    assert (name, spec.shape.as_list(), spec.dtype) == ("image", [None], tf.string)
    served = predict(image=tf.constant(files))["probabilities"].numpy()
    assert served.shape == (4, 10)
    examples = tf.constant([example({"image": file}) for file in files])
    np.testing.assert_array_equal(signatures["serving_examples"](examples=examples)["probabilities"], served)
    [(name, pixels)] = signatures["transform_features"](examples=examples).items()
    assert (name, pixels.shape) == (PIXELS, (4, 28, 28, 1))
    # Augmentation has no part in serving: the same pictures, the same answer. One alone differs by rounding.
    np.testing.assert_array_equal(predict(image=tf.constant(files))["probabilities"], served)
    np.testing.assert_allclose(predict(image=tf.constant(files[1:2]))["probabilities"], served[1:2], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ([b""], "Input is empty"),
        ([encoded(noise(28, 28)), b"no image"], "Unknown image file format"),
        ([encoded(noise(28, 28))[:60]], "PNG"),
    ],
)
def test_what_is_no_image_is_a_clear_error_and_the_model_goes_on_serving(signatures, sent, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures["serving_default"](image=tf.constant(sent))
    signatures["serving_default"](image=tf.constant([encoded(noise(2, 2))]))


@pytest.mark.slow
def test_another_rank_is_an_error(signatures):
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError, ValueError)):
        signatures["serving_default"](image=tf.constant([[encoded(noise(2, 2))]]))


@pytest.mark.slow
def test_augmentation_on_two_replicas(output):
    command = [sys.executable, "-m", "tests.pipeline.tasks.fashion.two_replicas"]
    graph = str(Path(output.transform_savedmodel_dir).parent)
    done = subprocess.run([*command, graph], capture_output=True, text=True, check=True, cwd=ROOT)
    told = json.loads(done.stdout.splitlines()[-1])
    assert np.isfinite(told["loss"]).all()
    assert told["changed_in_training"] == [True, True]
    assert told["changed_otherwise"] == [False, False]
