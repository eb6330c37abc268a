"""A function and its variables, written in the TF Hub SavedModel format."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from components.trainer.hub import archive


def save(
    function: Callable[..., tf.Tensor],
    inputs: tf.TensorSpec,
    variables: list[tf.Variable],
    folder: Path,
    *,
    has_training: bool = False,
    resources: tuple[Any, ...] = (),
) -> Path:
    """Writes a reusable SavedModel (https://www.tensorflow.org/hub/reusable_saved_models) and returns its folder.

    Args:
        function: `function(inputs)`, or `function(inputs, training)` where `has_training`.
        inputs: What it takes.
        variables: All that it reads.
        folder: Where to; it appears whole or not at all. One that exists is left as it is.
        has_training: Whether it runs in another way in training, False by default.
        resources: Tables and files that it needs.
    """
    # A Checkpoint and not a tf.Module, whose `variables` is a property that is not saved.
    module = tf.train.Checkpoint()
    module.variables = variables
    module.trainable_variables = [variable for variable in variables if variable.trainable]
    module.resources = list(resources)
    module.__call__ = _traced(function, inputs, has_training)
    serving = tf.function(lambda x: {"outputs": module.__call__(x)}, input_signature=[inputs], autograph=False)
    with archive.beside(folder) as part:
        tf.saved_model.save(module, str(part), signatures={"serving_default": serving})
    return folder


def _traced(function: Callable[..., tf.Tensor], inputs: tf.TensorSpec, has_training: bool) -> Any:
    if not has_training:
        traced = tf.function(function, input_signature=[inputs], autograph=False)
        traced.get_concrete_function()
        return traced

    @tf.function(autograph=False)
    def call(x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return function(x, training)

    for training in (True, False):
        call.get_concrete_function(inputs, training=training)
    return call
