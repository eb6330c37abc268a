import keras
import numpy as np
import pytest

from components.errors import UsageError
from components.trainer.layers import PositionalEncoding
from tests.components.trainer.layers.check_layer import check_layer

INPUTS = np.random.default_rng(1).normal(size=(3, 5, 7)).astype("float32")


@pytest.mark.parametrize("arguments", [{}, {"kind": "learned", "max_length": 6}], ids=["sinusoidal", "learned"])
def test_everything(arguments, tmp_path):
    def make(**kwargs):
        return PositionalEncoding(**arguments, **kwargs)

    check_layer(make, INPUTS, tmp_path, output_shape=INPUTS.shape, masked=True)


@pytest.mark.parametrize("features", [1, 6, 7])
def test_sinusoids_are_the_formula_of_the_paper(features):
    table = PositionalEncoding()(np.zeros((1, 300, features), "float32"))[0]
    position, feature = np.arange(300)[:, None], np.arange(features)[None]
    angle = position / 10_000.0 ** (2 * (feature // 2) / features)
    # Angles of up to 300 are known to 300 * 6e-8 in float32.
    np.testing.assert_allclose(table, np.where(feature % 2, np.cos(angle), np.sin(angle)), atol=5e-5)


def test_learned_table_is_added_to_every_sequence():
    layer = PositionalEncoding("learned", max_length=9)
    encoded = layer(INPUTS)
    np.testing.assert_allclose(encoded - INPUTS, np.broadcast_to(layer.get_weights()[0][:5], INPUTS.shape), atol=1e-6)


def test_mask_goes_on():
    encoded = PositionalEncoding()(keras.layers.Embedding(5, 6, mask_zero=True)(np.array([[3, 0]])))
    np.testing.assert_array_equal(keras.src.backend.get_keras_mask(encoded), [[True, False]])


@pytest.mark.parametrize(
    "arguments",
    [{"kind": "sine"}, {"kind": "learned"}, {"kind": "learned", "max_length": 1}, {"max_length": 5}],
)
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(UsageError, match="Received: kind="):
        PositionalEncoding(**arguments)


def test_sequences_beyond_the_table_are_refused():
    with pytest.raises(UsageError, match="Received: 5 steps with max_length=4"):
        PositionalEncoding("learned", max_length=4)(INPUTS)
    entry = keras.Input((None, 7))
    model = keras.Model(entry, PositionalEncoding("learned", max_length=4)(entry))
    with pytest.raises(Exception, match=r"5 steps|incompatible shapes|Incompatible shapes"):
        model.predict(INPUTS, verbose=0)
