"""How much of a training is spent waiting for its input.

A fetch is timed where a step asks for its batch: inside the training function, with the clock read right before and
right after, so that neither Python nor what reads ahead is counted.

The custom loop, and `fit` with one step in an execution, compute a step, fetch, and compute the next: there the time of
the fetches is the time of waiting. In an execution of several steps Keras may fetch the next batch while it computes,
and waits only for what is left of the fetch after the step. So there it is the time from the end of one fetch to the
end of the next, less that of a step, in the mean over an epoch. How long a step takes shows in the last one of an
execution, which fetches nothing.

A GPU may still be busy with earlier steps while the host waits, so there the share is an upper bound.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

Logs = dict[str, float]


class InputWait(keras.callbacks.Callback):
    """Adds `input_wait` to what an epoch reports: the share of its training steps' time, 0 to 1, spent on fetching.

    The time is that from the first step to the end of the last; validation is no part of it. In the first epoch it
    includes building the functions.

    Example:
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> wait = InputWait()
        >>> data = tf.data.Dataset.from_tensors((tf.ones((2, 1)), tf.ones((2, 1)))).repeat()
        >>> with wait.measuring(model):
        ...     history = model.fit(data, epochs=2, steps_per_epoch=3, callbacks=[wait], verbose=0).history
        >>> all(0 <= share <= 1 for share in history["input_wait"])
        True
    """

    async_safe = True

    def __init__(self) -> None:
        super().__init__()
        with tf.device("CPU:0"):
            zero = tf.zeros((), tf.float64)
            self._alone, self._beside, self._fetched = (tf.Variable(zero, trainable=False) for _ in range(3))
        self._computed = self._began = self._ended = 0.0

    def measured(self, iterator: Any) -> "MeasuredIterator":
        """Returns an iterator, a distributed one too, whose fetches inside a `tf.function` are timed."""
        return MeasuredIterator(iterator, self._alone, self._beside, self._fetched)

    @contextlib.contextmanager
    def measuring(self, model: keras.Model) -> Iterator[None]:
        """Has the training function of Keras's `fit` take its batches from measured iterators.

        Args:
            model: A compiled model.
        """
        model.make_train_function(force=True)
        execute: Callable[[Any], Any] = model.train_function
        iterators: dict[int, MeasuredIterator] = {}

        def measured(iterator: Any) -> Any:
            logs = execute(iterators.setdefault(id(iterator), self.measured(iterator)))
            if model.steps_per_execution > 1:
                self._computed += (time.time() - float(self._fetched.numpy())) * (model.steps_per_execution - 1)
            return logs

        model.train_function = measured
        yield
        # It holds the iterator, whose threads would go on reading ahead.
        model.train_function = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Sets the clocks to zero."""
        self._alone.assign(0.0)
        self._beside.assign(0.0)
        self._computed = 0.0
        self._began = self._ended = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Notes the end of what may have been the last step."""
        self._ended = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds the share."""
        if logs is not None and self._ended > self._began:
            waited = float(self._alone.numpy()) + max(0.0, float(self._beside.numpy()) - self._computed)
            logs["input_wait"] = min(1.0, waited / (self._ended - self._began))


class MeasuredIterator(tf.distribute.DistributedIterator):
    """An iterator that adds up the seconds that its fetches take.

    Args:
        iterator: A `tf.data.Iterator` or a `tf.distribute.DistributedIterator`.
        alone: Gets the seconds of fetches beside which nothing is computed.
        beside: Gets the seconds from the end of one fetch to that of the next, beside which a step is computed.
        fetched: Gets the time at which the latest one ended, in seconds since 1970.
    """

    def __init__(self, iterator: Any, alone: tf.Variable, beside: tf.Variable, fetched: tf.Variable) -> None:
        self._iterator, self._alone, self._beside, self._fetched = iterator, alone, beside, fetched

    @property
    def element_spec(self) -> Any:
        """The types of a batch."""
        return self._iterator.element_spec

    def get_next(self) -> Any:
        """Returns the next batch."""
        return self._timed(self._iterator.get_next)

    def get_next_as_optional(self) -> Any:
        """Returns the next batch the way in which Keras asks for it in an execution of several steps."""
        # All but the first are asked for in a loop, whose body is a graph inside the function's graph.
        in_loop = hasattr(getattr(tf.compat.v1.get_default_graph(), "outer_graph", None), "outer_graph")
        return self._timed(self._iterator.get_next_as_optional, in_loop)

    def __next__(self) -> Any:
        return self.get_next()

    def __iter__(self) -> "MeasuredIterator":
        return self

    def _timed(self, fetch: Callable[[], Any], in_loop: bool = False) -> Any:
        began = tf.timestamp()
        with tf.control_dependencies([began]):
            batch = fetch()
        with tf.control_dependencies(tf.nest.flatten(batch, expand_composites=True)):
            ended = tf.timestamp()
        if in_loop:
            self._beside.assign_add(ended - self._fetched)
        else:
            self._alone.assign_add(ended - began)
        self._fetched.assign(ended)
        return batch
