import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer.sequences import padded
from pipeline import tasks
from pipeline.tasks.reviews.model import build_model
from pipeline.tf_example import example
from tests.pipeline.tasks.reviews import reviews_csv

pytestmark = pytest.mark.slow

TEXTS = ["", "great", "The film is GREAT, witty and moving! " * 50, "awful ' 日本 \u0000 <br />", "dull " * 10_000]


@pytest.fixture(params=[0, 2], ids=["pooling", "heads"])
def model(request, output):
    keras.utils.set_random_seed(1)
    return build_model(output, embedding_size=8, heads=request.param)


def _inputs(output, texts):
    features = output.transform_features_layer()({"text": tf.constant([[text] for text in texts])})
    return {name: padded(features[name]) for name in ("token_ids", "token_count")}


def test_padding_changes_nothing(output, model):
    inputs = _inputs(output, TEXTS)
    together = model(inputs)["probability"]
    wider = model({**inputs, "token_ids": tf.pad(inputs["token_ids"], [[0, 0], [0, 9]])})["probability"]
    # Sums run in another order: a few steps of float32.
    np.testing.assert_allclose(wider, together, atol=1e-6)
    for number, text in enumerate(TEXTS):
        alone = model(_inputs(output, [text]))["probability"]
        np.testing.assert_allclose(alone, together[number : number + 1], atol=1e-6)


def test_it_learns(output, model):
    texts, labels = zip(*reviews_csv.texts(200, seed=1), strict=True)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    inputs, target = _inputs(output, texts), np.array(labels)[:, None]
    model.fit(inputs, target, batch_size=20, epochs=4, verbose=0)
    # Three words say it; one that learns nothing has 0.5.
    assert model.evaluate(inputs, target, verbose=0, return_dict=True)["accuracy"] > 0.9


def test_order_counts(output, model):
    one, other = model(_inputs(output, ["the film is great", "is the great film"]))["probability"][:, 0]
    assert one != other


def test_it_is_saved_and_loaded(output, model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    inputs = _inputs(output, TEXTS[:3])
    np.testing.assert_array_equal(loaded(inputs)["probability"], model(inputs)["probability"])


def test_the_task_names_every_parameter():
    parameters = set(inspect.signature(build_model).parameters) - {"tft_output"}
    assert set(tasks.load("reviews").training.model.params) == parameters


def test_a_client_sends_texts(signatures):
    served = signatures["serving_default"](text=tf.constant(TEXTS))["probability"]
    assert served.shape == (5, 1)
    assert ((served.numpy() > 0) & (served.numpy() < 1)).all()
    for number, text in enumerate(TEXTS):
        alone = signatures["serving_default"](text=tf.constant([text]))["probability"]
        np.testing.assert_allclose(alone, served[number : number + 1], atol=1e-6)


def test_examples_give_what_texts_give(signatures):
    served = signatures["serving_default"](text=tf.constant(TEXTS))["probability"]
    examples = tf.constant([example({"text": text}) for text in TEXTS])
    np.testing.assert_array_equal(signatures["serving_examples"](examples=examples)["probability"], served)


def test_the_transformed_features_are_dense(signatures):
    found = signatures["transform_features"](examples=tf.constant([example({"text": text}) for text in TEXTS[:2]]))
    assert set(found) == {"token_ids", "token_count"}
    assert found["token_ids"].shape == (2, 1)


def test_a_batch_of_no_text_is_a_batch_of_no_probability(signatures):
    assert signatures["serving_default"](text=tf.constant([], tf.string))["probability"].shape == (0, 1)


@pytest.mark.parametrize("text", [tf.constant("alone"), tf.constant([["nested"]])])
def test_another_rank_is_refused(signatures, text):
    with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError)):
        signatures["serving_default"](text=text)
