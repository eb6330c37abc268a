"""Where a model is trained: on one device, or as mirrored replicas on several."""

import functools
import logging

import tensorflow as tf


def create(name: str) -> tf.distribute.Strategy:
    """Returns the strategy of a name.

    GPUs get memory as they need it (memory growth) instead of all of it at once.

    Args:
        name: `mirrored`: a replica on every GPU, or on every logical CPU device (one, unless it was split) where there
            is no GPU. `default`: the first GPU, or the CPU.
    """
    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:
            logging.getLogger(__name__).warning("%s is in use already: memory growth stays as it is.", gpu.name)
    if name == "default":
        return tf.distribute.get_strategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return _mirrored(tuple(device.name for device in devices))


def replicas(name: str) -> int:
    """Returns how many replicas `create` would give, without taking hold of a device."""
    return 1 if name == "default" else max(1, len(tf.config.list_physical_devices("GPU")))


@functools.cache
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.MirroredStrategy:
    # One a process: a second strategy counts its collective operations from the same number again, and the devices take
    # them for those of the first ("Shape mismatch in the collective instance").
    return tf.distribute.MirroredStrategy(devices)
