"""One check for every layer: all that must hold before a layer may be part of a model that is saved and served."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def check_layer(
    make: Callable[..., keras.layers.Layer],
    inputs: np.ndarray,
    folder: Path,
    *,
    output_shape: tuple[int, ...],
    masked: bool = False,
    half_tolerance: float = 2e-2,
) -> None:
    """Checks building, unknown sizes, masks, mixed precision, a training step, saving and exporting.

    Args:
        make: Makes the layer; takes the arguments of `keras.layers.Layer`, such as `dtype`.
        inputs: A batch, [batch, ...]; sequences are [batch, time, features].
        folder: An empty folder for what is saved.
        output_shape: The shape of the output for the batch.
        masked: Whether the layer heeds a mask over time, which then must keep what is masked out of the result.
        half_tolerance: What float16 may differ from float32 by; its steps are 1e-3 apart at 1, and errors add up.
    """
    _check_config(make)
    _check_build(make, inputs, output_shape)
    if masked:
        _check_masks(make, inputs)
    _check_mixed_precision(make, inputs, half_tolerance)
    _check_training_step(make, inputs)
    _check_saved_and_exported(make, inputs, folder)


def _check_config(make: Callable[..., keras.layers.Layer]) -> None:
    layer = make(name="named")
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config
    assert config["name"] == "named"


def _check_build(make: Callable[..., keras.layers.Layer], inputs: np.ndarray, output_shape: tuple[int, ...]) -> None:
    symbolic = make()(keras.Input(inputs.shape[1:]))
    assert tuple(symbolic.shape) == (None, *output_shape[1:])
    assert tuple(make()(keras.KerasTensor(inputs.shape)).shape) == output_shape
    layer = make()
    outputs = layer(inputs)
    assert tuple(outputs.shape) == output_shape
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    assert np.isfinite(outputs).all()
    paths = [variable.path for variable in layer.variables]
    assert len(set(paths)) == len(paths), "variables must be told apart by path"


def _check_masks(make: Callable[..., keras.layers.Layer], inputs: np.ndarray) -> None:
    layer, length = make(), inputs.shape[1]
    layer.build(inputs.shape)
    embedded = keras.Sequential([keras.layers.Masking(mask_value=-9.0), layer])
    kept = np.arange(length) < np.maximum(length - 1 - np.arange(len(inputs)) % length, 0)[:, None]
    kept[-1] = False
    padded = np.where(kept[..., None], inputs, -9.0)
    outputs = keras.ops.convert_to_numpy(embedded(padded))
    assert np.isfinite(outputs).all(), "a sequence of nothing but padding"
    shorter = keras.ops.convert_to_numpy(layer(inputs[:1, : int(kept[0].sum())]))
    first = outputs[:1, : int(kept[0].sum())] if outputs.ndim == 3 else outputs[:1]
    # The same numbers in a tensor of another length: sums run in another order, 1e-6 is a few float32 steps.
    np.testing.assert_allclose(first, shorter, atol=1e-6, err_msg="padding changed the result")


def _check_mixed_precision(make: Callable[..., keras.layers.Layer], inputs: np.ndarray, tolerance: float) -> None:
    full, half = make(), make(dtype="mixed_float16")
    for layer in (full, half):
        layer.build(inputs.shape)
    half.set_weights(full.get_weights())
    assert {variable.dtype for variable in half.trainable_variables} <= {"float32"}
    outputs = half(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) in ("float16", "float32")
    np.testing.assert_allclose(
        keras.ops.cast(outputs, "float32"), full(inputs), rtol=tolerance, atol=tolerance, err_msg="mixed precision"
    )


def _check_training_step(make: Callable[..., keras.layers.Layer], inputs: np.ndarray) -> None:
    layer = make()
    layer.build(inputs.shape)
    target = np.random.default_rng(0).normal(size=layer(inputs).shape)
    with tf.GradientTape() as tape:
        loss = keras.ops.mean((layer(inputs, training=True) - target) ** 2) + sum(layer.losses)
    gradients = tape.gradient(loss, [variable.value for variable in layer.trainable_variables])
    for variable, gradient in zip(layer.trainable_variables, gradients, strict=True):
        assert gradient is not None, f"{variable.path} gets no gradient"
        assert np.isfinite(gradient).all(), f"{variable.path} gets a gradient that is not finite"
    before = layer.get_weights()
    if gradients:
        keras.optimizers.SGD(0.1).apply(gradients, layer.trainable_variables)
        assert any((a != b).any() for a, b in zip(before, layer.get_weights(), strict=True))


def _check_saved_and_exported(make: Callable[..., keras.layers.Layer], inputs: np.ndarray, folder: Path) -> None:
    entry = keras.Input((None, *inputs.shape[2:]) if inputs.ndim == 3 else inputs.shape[1:])
    model = keras.Model(entry, make()(entry))
    expected = model(inputs)
    model.save(folder / "model.keras")
    reloaded = keras.saving.load_model(folder / "model.keras")
    np.testing.assert_array_equal(reloaded(inputs), expected, err_msg="saved and reloaded")
    model.export(folder / "export", verbose=False)
    served: Any = tf.saved_model.load(folder / "export")
    # A graph may fuse what runs one by one outside of it, which changes the last bits.
    np.testing.assert_allclose(served.serve(tf.constant(inputs[:1])), expected[:1], atol=1e-5, err_msg="exported")
