"""A served model of a text and a number, and another of outputs that are no probabilities."""

import pytest
import tensorflow as tf

from components.model_description import InputDescription, ModelDescription

INPUTS = {"text": InputDescription("text"), "scale": InputDescription(None, optional=True, missing=None)}


def save(folder, outputs):
    """A model from a text and an optional number to what `outputs` makes of its length and the number."""
    module = tf.Module()
    specs = {"text": tf.TensorSpec([None], tf.string, "text"), "scale": tf.TensorSpec([None], tf.float32, "scale")}

    @tf.function(input_signature=[specs])
    def serve(inputs):
        with tf.control_dependencies(
            [tf.debugging.assert_none_equal(inputs["text"], "broken", message="No broken text.")]
        ):
            length = tf.cast(tf.strings.length(inputs["text"]), tf.float32)
        return outputs(length, tf.where(tf.math.is_nan(inputs["scale"]), 1.0, inputs["scale"]))

    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
    ModelDescription(INPUTS, ("short", "middle", "long")).write(folder)
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A text of one letter is `short`, of two `middle`, of three `long`."""

    def outputs(length, scale):
        middles = tf.constant([1.0, 2.0, 3.0])
        return {"probabilities": tf.nn.softmax(-scale[:, None] * 5 * (length[:, None] - middles) ** 2)}

    return save(tmp_path_factory.mktemp("served") / "1", outputs)


@pytest.fixture(scope="session")
def yes_or_no(tmp_path_factory):
    return save(
        tmp_path_factory.mktemp("served") / "2", lambda length, scale: {"probability": 0.1 * (length * scale)[:, None]}
    )
