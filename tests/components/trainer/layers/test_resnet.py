import keras
import numpy as np
import pytest

from components.errors import UsageError
from components.trainer.layers import ResNet
from tests.components.trainer.layers.check_layer import check_layer

IMAGES = np.random.default_rng(1).normal(size=(4, 8, 8, 3)).astype("float32")


def make(**kwargs):
    return ResNet((1, 1), (4, 6), classes=3, stem_pool=True, kernel_regularizer=keras.regularizers.L2(1e-3), **kwargs)


def test_everything(tmp_path):
    check_layer(make, IMAGES, tmp_path, output_shape=(4, 3), half_tolerance=5e-2)


def test_saved_alone_it_stays_subclassed(tmp_path):
    model = ResNet((1,), (4,), classes=2, activation="softmax")
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(IMAGES, np.arange(4) % 2, verbose=0)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(reloaded) is ResNet
    np.testing.assert_array_equal(reloaded(IMAGES), model(IMAGES))
    np.testing.assert_allclose(np.sum(model(IMAGES), axis=-1), 1, atol=1e-6)


def test_paper_sizes():
    model = ResNet((3, 3, 3), (16, 32, 64), classes=10)
    model.build((None, 32, 32, 3))
    convolutions = [weight for weight in model.trainable_weights if len(weight.shape) == 4]
    plain = sum(weight.shape[0] == 3 for weight in convolutions)
    assert plain + 1 == 20
    # 0.27 million in table 6 of the paper, whose shortcuts have no weights; the two projections add 2,752.
    assert model.count_params() - sum(np.prod(w.shape) for w in model.non_trainable_weights) == 272_474


def test_head_is_float32_under_mixed_precision_and_can_be_left_out():
    half = ResNet((1,), (4,), classes=2, dtype="mixed_float16")
    assert half(IMAGES).dtype == "float32"
    assert half.blocks[0].compute_dtype == "float16"
    assert tuple(ResNet((1,), (4,), classes=None)(IMAGES).shape) == (4, 4)


def test_training_flag_reaches_every_batch_normalization():
    model = make()
    model(IMAGES, training=False)
    means = [variable for variable in model.variables if variable.name == "moving_mean"]
    assert len(means) == 6
    assert all((mean.numpy() == 0).all() for mean in means)
    model(IMAGES, training=True)
    assert all((mean.numpy() != 0).any() for mean in means)


def test_bad_arguments_and_shapes_are_refused():
    with pytest.raises(UsageError, match=r"Received: stages=\(1, 1\), widths=\(4,\)"):
        ResNet((1, 1), (4,), 2)
    with pytest.raises(UsageError, match="Received: classes=0"):
        ResNet((1,), (4,), 0)
    with pytest.raises(UsageError, match="Received: dropout=1"):
        ResNet((1,), (4,), 2, dropout=1)
    with pytest.raises(UsageError, match=r"Received: shape=\(None, 8, 8\)"):
        ResNet((1,), (4,), 2).build((None, 8, 8))
