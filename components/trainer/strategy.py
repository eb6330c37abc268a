"""Where a model is trained: on one device, as mirrored replicas on several, or on several workers."""

import contextlib
import functools
import logging
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from components.errors import ComponentFailed, UsageError
from components.trainer import cluster

_log = logging.getLogger(__name__)


def create(name: str) -> tf.distribute.Strategy:
    """Returns the strategy of a name.

    GPUs get memory as they need it (memory growth) instead of all of it at once.

    Args:
        name: `mirrored`: a replica on every GPU, or on every logical CPU device (one, unless it was split) where there
            is no GPU. One device has nothing to mirror and is taken as `default` does: the same steps, without the half
            of the time that MirroredStrategy adds to those of a small model. `default`: the first GPU, or the CPU.
            `multi_worker`: the devices of every worker of TF_CONFIG; it waits until all of them are there.

    Raises:
        UsageError: TF_CONFIG is missing or wrong, or TensorFlow has run in this process before it knew of the workers.
    """
    if name == "multi_worker":
        cluster.from_environment()
    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:
            _log.warning("%s is in use already: memory growth stays as it is.", gpu.name)
    if name == "multi_worker":
        return _multi_worker()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if name == "default" or len(devices) == 1:
        return tf.distribute.get_strategy()
    return _mirrored(tuple(device.name for device in devices))


def replicas(name: str) -> int:
    """Returns how many replicas `create` would give, without taking hold of a device.

    Raises:
        UsageError: TF_CONFIG is missing or wrong.
    """
    workers = cluster.from_environment().workers if name == "multi_worker" else 1
    return workers * (1 if name == "default" else max(1, len(tf.config.list_physical_devices("GPU"))))


@contextlib.contextmanager
def together(name: str) -> Iterator[None]:
    """Says in one line that a worker has gone while the others were training.

    Args:
        name: Name of the strategy.

    Raises:
        ComponentFailed: What the workers do together was broken off; TensorFlow finds out within half a minute.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        if name != "multi_worker":
            raise
        raise ComponentFailed(
            "All workers must stay until the model is trained.",
            received=" ".join(error.message.split("Collective ops is aborted by: ")[-1].splitlines()[:2]),
            fix="Start all of them again: they go on from the last finished epoch.",
        ) from error


def meet(strategy: tf.distribute.Strategy) -> None:
    """Waits until all workers have come here."""
    if isinstance(strategy, MultiWorker):
        tf.function(lambda: strategy.run(_add_up))()


def _add_up() -> tf.Tensor:
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.ones([]))


class _KerasReduce(tf.distribute.Strategy):
    """Reduces what Keras 3.15 gives it in `fit` and TensorFlow 2.21 refuses.

    Keras asks for the mean of a whole batch, which is no tensor and whose shares may differ in size, to learn its shape
    and dtype; and on workers for the mean of a metric over its first axis, of which a number has none.
    """

    def reduce(self, reduce_op: Any, value: Any, axis: int | None) -> Any:
        """See tf.distribute.Strategy; of a structure, its part on the first replica here."""
        if tf.nest.is_nested(value):
            return tf.nest.map_structure(lambda part: self.experimental_local_results(part)[0], value)
        if axis is not None and self.experimental_local_results(value)[0].shape.rank == 0:
            axis = None
        return super().reduce(reduce_op, value, axis)


class Mirrored(_KerasReduce, tf.distribute.MirroredStrategy):
    """`tf.distribute.MirroredStrategy` for Keras 3."""


class MultiWorker(_KerasReduce, tf.distribute.MultiWorkerMirroredStrategy):
    """`tf.distribute.MultiWorkerMirroredStrategy` for Keras 3."""


@functools.cache
def _mirrored(devices: tuple[str, ...]) -> Mirrored:
    # One a process: a second strategy counts its collective operations from the same number again, and the devices take
    # them for those of the first ("Shape mismatch in the collective instance").
    return Mirrored(devices)


@functools.cache
def _multi_worker() -> MultiWorker:
    try:
        return MultiWorker()
    except RuntimeError as error:
        raise UsageError(
            "Workers must be joined before TensorFlow has run anything in the process.",
            received=str(error),
            fix="Run the Trainer in a process of its own.",
        ) from error
