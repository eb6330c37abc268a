"""Keras optimizers by name, from their configuration.

>>> from components.trainer.optimizer_config import OptimizerConfig
>>> optimizer = create(OptimizerConfig(name="momentum", learning_rate=0.1, weight_decay=1e-4))
>>> type(optimizer).__name__, optimizer.momentum
('SGD', 0.9)
"""

from typing import Any

import keras
import tensorflow as tf

from components.trainer import schedules
from components.trainer.optimizer_config import PARAMETERS, OptimizerConfig

_NAMES_WITHOUT_DECAY = ("bias", "gamma", "beta", "scale")


def decays(variable: Any) -> bool:
    """Says whether weight decay applies to a variable: to all but biases, normalization parameters and vectors.

    Args:
        variable: A `keras.Variable` or `tf.Variable`.

    Example:
        >>> layer = keras.layers.Dense(2)
        >>> layer.build((None, 3))
        >>> [decays(variable) for variable in layer.weights]
        [True, False]
    """
    name = variable.name.split("/")[-1].split(":")[0].lower()
    return len(variable.shape) > 1 and not name.endswith(_NAMES_WITHOUT_DECAY)


class Optimizer(keras.optimizers.Optimizer):
    """What all optimizers here do in their own way; a base, as Keras does not save what is excluded from decay."""

    def build(self, variables: list[Any]) -> None:
        self.exclude_from_weight_decay(var_list=[variable for variable in variables if not decays(variable)])
        super().build(variables)

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        # The gradient of an embedding repeats rows, which have to be added up: a norm, and the squares of Adam, which
        # Keras takes of each repetition, would depend on how a batch is shared out.
        grads = [tf.convert_to_tensor(gradient) for gradient in grads]
        if not (self.global_clipnorm or self.clipnorm or self.clipvalue):
            return grads
        replicas = tf.distribute.get_replica_context()
        if replicas is None or replicas.num_replicas_in_sync == 1:
            return super()._clip_gradients(grads)
        # Keras clips what one replica has seen and sums afterwards, so two replicas take another step than one.
        # Here the sum is clipped, and divided because Keras sums once more.
        clipped = super()._clip_gradients(replicas.all_reduce(tf.distribute.ReduceOp.SUM, grads))
        return [gradient / replicas.num_replicas_in_sync for gradient in clipped]


@keras.saving.register_keras_serializable(package="slipway")
class SGD(Optimizer, keras.optimizers.SGD):
    """`keras.optimizers.SGD` whose weight decay leaves biases and norms alone and whose clipping holds on replicas."""


@keras.saving.register_keras_serializable(package="slipway")
class Adam(Optimizer, keras.optimizers.Adam):
    """`keras.optimizers.Adam` whose weight decay leaves biases and norms alone and whose clipping holds on replicas."""


@keras.saving.register_keras_serializable(package="slipway")
class AdamW(Optimizer, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW` whose decay leaves biases and norms alone and whose clipping holds on replicas."""


@keras.saving.register_keras_serializable(package="slipway")
class RMSprop(Optimizer, keras.optimizers.RMSprop):
    """`keras.optimizers.RMSprop` whose decay leaves biases and norms alone and whose clipping holds on replicas."""


@keras.saving.register_keras_serializable(package="slipway")
class Adagrad(Optimizer, keras.optimizers.Adagrad):
    """`keras.optimizers.Adagrad` whose decay leaves biases and norms alone and whose clipping holds on replicas."""


@keras.saving.register_keras_serializable(package="slipway")
class Lion(Optimizer, keras.optimizers.Lion):
    """`keras.optimizers.Lion` whose decay leaves biases and norms alone and whose clipping holds on replicas."""


_CLASSES: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "lion": Lion,
}


def create(config: OptimizerConfig, total_steps: int | None = None) -> keras.optimizers.Optimizer:
    """Returns the optimizer that the configuration describes.

    Args:
        config: The optimizer.
        total_steps: Optimizer steps of the whole training, for schedules that end with it; None where nobody knows.

    Raises:
        UsageError: The schedule has no steps to run over.
    """
    own = {"momentum": 0.9} if config.name == "momentum" else {}
    given = {
        **{field: getattr(config, field) for field in PARAMETERS[config.name]},
        "weight_decay": config.weight_decay,
        "global_clipnorm": config.clip_norm,
        "clipvalue": config.clip_value,
    }
    own.update({field: value for field, value in given.items() if value is not None})
    return _CLASSES[config.name](learning_rate=schedules.create(config.learning_rate, total_steps), **own)
