"""Dynamic loss scaling that holds on replicas."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="slipway")
class LossScale(keras.optimizers.LossScaleOptimizer):
    """`keras.optimizers.LossScaleOptimizer` that skips a step if any replica has a gradient that is not finite.

    Keras 3.15 asks the first replica only, where gradients are not added up yet: what overflowed on another one gets
    into the weights.

    Args:
        inner_optimizer: The optimizer that takes the steps.
        initial_scale: What losses are multiplied with at first; it is halved after a skipped step.
        dynamic_growth_steps: Steps without one after which it is doubled.
    """

    def check_finite(self, grads: list[Any]) -> Any:
        """Says whether the gradients of all replicas are finite."""
        finite = super().check_finite(grads)
        replicas = tf.distribute.get_replica_context()
        if replicas is None or replicas.num_replicas_in_sync == 1:
            return finite
        return replicas.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~finite, tf.float32)) == 0
