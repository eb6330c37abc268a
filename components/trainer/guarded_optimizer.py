"""An optimizer that takes no step on a loss or on gradients that are not finite."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from components.trainer.loss_scale import LossScale

Step = Callable[[Any], Any]


@keras.saving.register_keras_serializable(package="slipway")
class GuardedOptimizer(LossScale):
    """Leaves out a step, on all replicas, whose loss or gradients are not finite on any of them, and counts it.

    The weights and the optimizer's state are then those from before the step. When more steps were bad than may be left
    out, no step is taken any more, so that nobody has to look after each one.

    Gradients whose squares add up to more than a float32 holds count as not finite: clipping and Adam would make them
    so. In mixed precision gradients that are not finite only halve the scale of the loss, as they should, unless the
    scale has come down to 1: then it is not the scale that makes them so.

    Args:
        inner_optimizer: The optimizer that takes the steps.
        skip: How many bad steps may be left out.
        mixed_precision: Whether the loss is scaled; if not, the scale is 1 and stays so.
        name: Name of the optimizer.

    Attributes:
        skipped: How many bad steps there were, one more than `skip` at most.
        bad_steps: Which ones, as `steps_seen` was then.
        overflows: How many steps were left out for the scale of the loss.
    """

    def __init__(
        self,
        inner_optimizer: keras.optimizers.Optimizer,
        skip: int = 0,
        mixed_precision: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(inner_optimizer, initial_scale=2.0**15 if mixed_precision else 1.0, name=name)
        self.skip, self._mixed_precision = skip, mixed_precision
        # Replicas are traced by threads of their own.
        self._replica = threading.local()

    def build(self, variables: list[Any]) -> None:
        if self.built:
            return
        super().build(variables)
        self.skipped, self.overflows = (self._counter((), name) for name in ("skipped", "overflows"))
        self.bad_steps = self._counter((self.skip + 1,), "bad_steps")

    def _counter(self, shape: tuple[int, ...], name: str) -> Any:
        return self.add_variable(shape, "zeros", "int64", aggregation="none", name=name)

    def scale_loss(self, loss: Any) -> Any:
        """Remembers the loss of this step, or of a micro-batch of it."""
        self._losses().append(tf.cast(loss, tf.float32))
        return super().scale_loss(loss) if self._mixed_precision else loss

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Takes a step if all is finite; to be called by every replica."""
        if not self.built:
            self.build(list(trainable_variables or []))
        good, overflow = self._judge(grads)
        self._replica.keeps, self._replica.losses = good if overflow is None else good | overflow, []
        if tf.__internal__.distribute.strategy_supports_no_merge_call():
            tf.cond(good, lambda: self._step(grads, trainable_variables), lambda: self._no_step(overflow))
        else:
            tf.distribute.get_replica_context().merge_call(
                self._across_replicas, args=(good, overflow, grads, trainable_variables)
            )

    def _judge(self, grads: Sequence[Any]) -> tuple[Any, Any]:
        """Returns whether to take the step, and in mixed precision whether not to only for the scale of the loss."""
        squares = [tf.nn.l2_loss(values_of(gradient)) for gradient in grads if gradient is not None]
        losses, going_on = self._losses(), self.skipped <= self.skip
        if not self._mixed_precision:
            return going_on & self._finite(tf.add_n([*squares, *losses])), None
        loss, gradients = tf.unstack(self._finite(tf.stack([tf.add_n([tf.zeros(()), *losses]), tf.add_n(squares)])))
        return going_on & loss & gradients, going_on & loss & ~gradients & (self.dynamic_scale > 1)

    @staticmethod
    def _finite(sums: Any) -> Any:
        """Returns which sums, over all replicas, are finite: those of finite values and of nothing else."""
        replicas = tf.distribute.get_replica_context()
        if replicas.num_replicas_in_sync > 1:
            sums = replicas.all_reduce(tf.distribute.ReduceOp.SUM, sums)
        return tf.math.is_finite(sums)

    def _across_replicas(self, strategy: Any, good: Any, overflow: Any, grads: Any, variables: Any) -> None:
        # A replica must not branch around what replicas do together, so the branches are around the replicas.
        good, overflow = (strategy.experimental_local_results(value)[0] for value in (good, overflow))

        def step() -> None:
            strategy.extended.call_for_each_replica(self._step, args=(grads, variables))

        tf.cond(good, step, lambda: self._no_step(overflow))

    def _step(self, grads: Any, variables: Any) -> None:
        if self._mixed_precision:
            self._stateful_handle_finite_grads(grads, variables)
        else:
            # A collective operation takes tensors of its own graph, which a branch is.
            self.inner_optimizer.apply([g if g is None else tf.identity(g) for g in grads], variables)

    def _no_step(self, overflow: Any) -> None:
        if self._mixed_precision:
            tf.cond(overflow, self._overflow, self._count)
        else:
            self._count()

    def _overflow(self) -> None:
        self._stateful_handle_non_finite_grads()
        self.overflows.assign_add(1)

    def _count(self) -> None:
        free = tf.range(self.skip + 1, dtype=tf.int64) == self.skipped
        self.bad_steps.assign(tf.where(free, self.steps_seen(), self.bad_steps))
        self.skipped.assign(tf.minimum(self.skipped + 1, self.skip + 1))

    def steps_seen(self) -> Any:
        """Returns how many steps there were: those that were taken, of this optimizer, and those that were not."""
        return tf.cast(self.iterations, tf.int64) + self.skipped + self.overflows

    def _losses(self) -> list[Any]:
        if not hasattr(self._replica, "losses"):
            self._replica.losses = []
        return self._replica.losses

    @property
    def keeps(self) -> Any:
        """Whether what the step of this replica has left behind is to stay; to be read after `apply`."""
        return self._replica.keeps

    def get_config(self) -> dict[str, Any]:
        kept = {name: value for name, value in super().get_config().items() if name in ("name", "inner_optimizer")}
        return {**kept, "skip": self.skip, "mixed_precision": self._mixed_precision}


def guarded(model: keras.Model, step: Step) -> Step:
    """Returns a training step that leaves nothing behind when the model's `GuardedOptimizer` leaves it out.

    Batch statistics and random numbers are then those from before the step, as the weights are, and the metrics where
    training may go on.

    Args:
        model: A compiled model; with another optimizer the step is returned as it is.
        step: What every replica does with its batch. What it returns by the name of a metric is returned as that metric
            is afterwards.
    """
    optimizer = model.optimizer
    if not isinstance(optimizer, GuardedOptimizer):
        return step

    def guarded_step(batch: Any) -> Any:
        state = [_local(variable) for variable in [*_state(model), *(_measured(model) if optimizer.skip else [])]]
        before = [tf.identity(variable) for variable in state]
        results = step(batch)
        if state:
            tf.cond(optimizer.keeps, lambda: None, lambda: _assign(state, before))
        if not (optimizer.skip and results):
            return results
        after = model.get_metrics_result()
        return {name: after.get(name, value) for name, value in results.items()}

    return guarded_step


def values_of(gradient: Any) -> Any:
    """Returns the values of a gradient, which of an embedding's are those of some rows, as float32."""
    return tf.cast(gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient, tf.float32)


def _state(model: keras.Model) -> list[Any]:
    """Returns what a step of a model changes itself; a frozen weight is not among it, a moving mean is."""
    layers = model._flatten_layers()
    own = [variable for layer in layers for variable in layer._non_trainable_variables]
    seeds = [generator.state for layer in layers for generator in layer._seed_generators]
    return list({id(variable): variable for variable in [*own, *seeds]}.values())


def _measured(model: keras.Model) -> list[Any]:
    return [variable for metric in model.metrics for variable in metric.variables]


def _local(variable: Any) -> Any:
    """Returns the copy of this replica, which it may assign to in a branch: nothing is sent to the others."""
    copies = tf.distribute.get_strategy().experimental_local_results(variable.value)
    # A worker has the copies of its own replicas only.
    return copies[tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group) % len(copies)]


def _assign(variables: list[Any], values: list[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
