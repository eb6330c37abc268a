import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.trainer import recipe
from components.trainer.sequences import padded
from pipeline import tasks
from pipeline.tasks.sentences.model import build_model
from pipeline.tf_example import example
from tests.components.trainer import tiny_encoder

pytestmark = pytest.mark.slow

TEXTS = ["", "A good film!", "Unaffordable café 日本 \u0000", "bad " * 10_000]

SERVED_ALONE = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
texts = tf.constant(json.loads(sys.argv[2]))
print(json.dumps(model.signatures["serving_default"](text=texts)["probability"].numpy().tolist()))
"""


def _ids(output, texts):
    return padded(output.transform_features_layer()({"text": tf.constant(texts)[:, tf.newaxis]})["token_ids"])


def test_the_sentence_is_the_mean_of_the_states_of_the_weights(output, model, encoder):
    head, bias = model.get_layer("head").get_weights()
    probabilities = model({"token_ids": _ids(output, TEXTS)})["probability"]
    for row, probability in zip(_ids(output, TEXTS).numpy(), probabilities, strict=True):
        states = tiny_encoder.states(Path(encoder), [number for number in row if number])
        expected = 1 / (1 + np.exp(-(states.mean(0) @ head + bias)))
        # float32 against float64, through two layers.
        np.testing.assert_allclose(probability, expected, atol=1e-5)


def test_the_recipe_covers_the_model(encoder):
    model = build_model(None, encoder=encoder)
    stages = tasks.load("sentences").training.recipe
    head_only = recipe.apply(model, stages, index=0)
    assert {path for group in head_only for path in group.paths} == {"head/kernel", "head/bias"}


def test_it_learns(output, encoder):
    model = build_model(output, encoder=encoder, dropout=0.0)
    ids, target = _ids(output, ["good film", "a bad film", "a good film", "bad"]), np.array([[1], [0], [1], [0]])
    model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy")
    losses = [model.train_on_batch({"token_ids": ids}, target) for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_task_names_every_parameter():
    parameters = set(inspect.signature(build_model).parameters) - {"tft_output"}
    assert set(tasks.load("sentences").training.model.params) == parameters


def test_a_client_sends_texts(signatures, model, output):
    served = signatures["serving_default"](text=tf.constant(TEXTS))["probability"]
    # The graph fuses what runs one by one outside of it.
    np.testing.assert_allclose(served, model({"token_ids": _ids(output, TEXTS)})["probability"], atol=1e-6)
    examples = tf.constant([example({"text": text}) for text in TEXTS])
    np.testing.assert_array_equal(signatures["serving_examples"](examples=examples)["probability"], served)
    assert signatures["transform_features"](examples=examples)["token_ids"].shape == (4, 64)


def test_no_text_is_no_probability(signatures):
    assert signatures["serving_default"](text=tf.constant([], tf.string))["probability"].shape == (0, 1)


@pytest.mark.parametrize("text", [tf.constant("alone"), tf.constant([["nested"]])])
def test_another_rank_is_refused(signatures, text):
    with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError)):
        signatures["serving_default"](text=text)


def test_the_export_holds_everything(exported_model, encoder, signatures, tmp_path):
    """Elsewhere, with TensorFlow alone and without the encoder's folder, it gives the same."""
    moved = shutil.copytree(exported_model, tmp_path / "moved")
    hidden = shutil.move(encoder, f"{encoder}.hidden")
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", SERVED_ALONE, str(moved), json.dumps(TEXTS[:3])],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "TF_CPP_MIN_LOG_LEVEL": "2"},
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        shutil.move(hidden, encoder)
    expected = signatures["serving_default"](text=tf.constant(TEXTS[:3]))["probability"]
    np.testing.assert_allclose(json.loads(done.stdout), expected, atol=1e-6)
    names = [path.read_bytes() for path in moved.rglob("*") if path.is_file()]
    assert not any(encoder.encode() in content for content in names)
