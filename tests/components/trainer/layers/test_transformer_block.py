import keras
import numpy as np
import pytest

from components.errors import UsageError
from components.trainer.layers import TransformerBlock
from tests.components.trainer.layers.check_layer import check_layer

INPUTS = np.random.default_rng(1).normal(size=(3, 5, 6)).astype("float32")


def test_everything(tmp_path):
    check_layer(
        lambda **kwargs: TransformerBlock(2, 12, **kwargs), INPUTS, tmp_path, output_shape=(3, 5, 6), masked=False
    )


def test_padding_changes_no_step_before_it():
    layer = TransformerBlock(2, 12)
    mask = np.arange(5) < np.array([[5], [3], [1]])
    outputs = layer(np.where(mask[..., None], INPUTS, 7.0), mask=mask)
    for row, length in enumerate([5, 3, 1]):
        # Sums run in another order: a few steps of float32.
        np.testing.assert_allclose(outputs[row, :length], layer(INPUTS[row : row + 1, :length])[0], atol=1e-5)


def test_every_step_is_normalized():
    outputs = TransformerBlock(2, 12)(INPUTS)
    np.testing.assert_allclose(np.mean(outputs, axis=-1), 0, atol=1e-6)
    np.testing.assert_allclose(np.std(outputs, axis=-1), 1, atol=1e-4)


def test_dropout_is_for_training_only():
    layer = TransformerBlock(2, 12, dropout=0.5, seed=1)
    assert np.abs(layer(INPUTS, training=True) - layer(INPUTS)).max() > 0.1
    np.testing.assert_array_equal(layer(INPUTS, training=False), layer(INPUTS))


@pytest.mark.parametrize("arguments", [{"num_heads": 0}, {"hidden_dim": 0}, {"dropout": 1.0}])
def test_arguments_out_of_range_are_bad_usage(arguments):
    with pytest.raises(UsageError):
        TransformerBlock(**{"num_heads": 2, "hidden_dim": 12, **arguments})


def test_features_that_heads_cannot_share_are_bad_usage():
    with pytest.raises(UsageError, match="Received: 6 features, num_heads=4"):
        TransformerBlock(4, 12)(keras.Input((5, 6)))
