"""The check of layers must find what is wrong."""

import keras
import numpy as np
import pytest

from tests.components.trainer.layers.check_layer import check_layer

INPUTS = np.random.default_rng(1).normal(size=(2, 4, 3)).astype("float32")


@keras.saving.register_keras_serializable(package="tests")
class Scale(keras.layers.Layer):
    """A right layer, to be spoiled: `inputs * scale + start`."""

    def __init__(self, start=2.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start
        self.supports_masking = True

    def build(self, shape):
        self.scale = self.add_weight(shape=shape[-1:], initializer=keras.initializers.Constant(self.start))

    def call(self, inputs):
        return inputs * self.scale + self.start

    def get_config(self):
        return {**super().get_config(), "start": self.start}


@keras.saving.register_keras_serializable(package="tests")
class ForgetsConfig(Scale):
    def get_config(self):
        return keras.layers.Layer.get_config(self)


@keras.saving.register_keras_serializable(package="tests")
class HasIdleWeight(Scale):
    def build(self, shape):
        super().build(shape)
        self.idle = self.add_weight(shape=(1,), name="idle")


@keras.saving.register_keras_serializable(package="tests")
class LooksAtPadding(Scale):
    def call(self, inputs):
        return super().call(inputs) + keras.ops.mean(inputs, axis=1, keepdims=True)


@keras.saving.register_keras_serializable(package="tests")
class KeepsWeightToItself(Scale):
    def build(self, shape):
        self.hidden = [np.random.default_rng().normal(size=shape[-1:]).astype("float32")]
        super().build(shape)

    def call(self, inputs):
        return super().call(inputs) + keras.ops.cast(self.hidden[0], inputs.dtype)


def test_a_right_layer_passes(tmp_path):
    check_layer(Scale, INPUTS, tmp_path, output_shape=INPUTS.shape, masked=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda **kwargs: ForgetsConfig(start=3.0, **kwargs), "saved and reloaded"),
        (HasIdleWeight, "idle gets no gradient"),
        (LooksAtPadding, "padding changed the result"),
        (KeepsWeightToItself, "mixed precision"),
    ],
)
def test_a_wrong_layer_is_found(wrong, message, tmp_path):
    with pytest.raises(AssertionError, match=message):
        check_layer(wrong, INPUTS, tmp_path, output_shape=INPUTS.shape, masked=True)
