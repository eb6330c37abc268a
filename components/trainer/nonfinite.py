"""Where a training step stops being finite: the first such value, in the order in which a model computes.

The step is computed once more, eagerly, with every layer watched. Nothing is changed by that: neither the weights nor
batch statistics, random numbers or metrics.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from components.trainer.guarded_optimizer import values_of


@dataclass(frozen=True)
class NonFinite:
    """The first value of a step that is not finite.

    Args:
        where: What holds it, such as `feature miles` or `the output of layer log (Log)`.
        value: The value: `nan`, `inf` or `-inf`.
        rows: The rows of the batch that have one, counted from 0; none where it does not belong to rows.
    """

    where: str
    value: str
    rows: tuple[int, ...] = ()


Look = Callable[[str, Any], None]

_OF_NO_ROWS = ("weight ", "the gradient ")


class _Found(Exception):
    """Ends the computation at the first value."""


def find(model: keras.Model, batches: Iterable[Any], loss_scale: float = 1.0) -> NonFinite | None:
    """Finds the first value that is not finite: in the data, the weights, what layers compute, the loss, or gradients.

    Args:
        model: A compiled model, with the weights from before the step.
        batches: The batch, `(features, label)` or `(features, label, weights)`, or one after the other its
            micro-batches.
        loss_scale: What the loss is multiplied with before gradients are taken.

    Returns:
        What was found first; of gradients, the first that backpropagation gets to. None where all is finite.
    """
    before = 0
    for batch in batches:
        if found := _find(model, batch, loss_scale):
            return dataclasses.replace(found, rows=tuple(before + row for row in found.rows))
        before += _rows(batch)
    return None


def _find(model: keras.Model, batch: Any, loss_scale: float) -> NonFinite | None:
    features, labels, weights = keras.utils.unpack_x_y_sample_weight(batch)
    rows = _rows(batch)
    found: list[NonFinite] = []

    def look(where: str, value: Any) -> None:
        if first := _scan(where, value, rows):
            found.append(first)
            raise _Found

    with contextlib.suppress(_Found):
        for kind, part in (("feature", features), ("label", labels), ("example weights", weights)):
            for name, value in _named(kind, part).items():
                look(name, value)
        for variable in model.weights:
            look(f"weight {variable.path}", _local(variable).read_value())
        _step(model, features, labels, weights, loss_scale, look)
    return found[0] if found else None


def _step(model: keras.Model, features: Any, labels: Any, weights: Any, loss_scale: float, look: Look) -> None:
    # What layers assign stays in the scope.
    with tf.GradientTape() as tape, keras.StatelessScope(collect_losses=True), _watched(model, look):
        outputs = model(features, training=True)
        look("the output of the model", outputs)
        loss = model.compute_loss(features, labels, outputs, weights, training=True)
        look("the loss", loss)
        loss *= loss_scale
    variables = model.trainable_variables
    gradients = tape.gradient(loss, [_local(variable) for variable in variables])
    backwards = [pair for pair in zip(variables, gradients, strict=True) if pair[1] is not None][::-1]
    for variable, gradient in backwards:
        look(f"the gradient of {variable.path}", values_of(gradient))
    for variable, gradient in backwards:
        look(f"the square of the gradient of {variable.path}", tf.nn.l2_loss(values_of(gradient)))


@contextlib.contextmanager
def _watched(model: keras.Model, look: Look) -> Iterator[None]:
    """Looks at what enters and what leaves each layer, and each operation of `keras.ops` in a functional model."""
    layers = model._flatten_layers()
    operations = {id(part): part for layer in layers for part in (layer, *getattr(layer, "operations", ()))}
    del operations[id(model)]
    for operation in operations.values():
        # An attribute of the instance stands before the method of its class.
        operation.call = _looking(operation, operation.call, look)
    try:
        yield
    finally:
        for operation in operations.values():
            del operation.call


def _looking(operation: Any, call: Callable[..., Any], look: Look) -> Callable[..., Any]:
    name = f"layer {operation.name} ({type(operation).__name__})"

    def looking(*args: Any, **kwargs: Any) -> Any:
        look(f"the input of {name}", (args, kwargs))
        outputs = call(*args, **kwargs)
        look(f"the output of {name}", outputs)
        return outputs

    return looking


def _rows(batch: Any) -> int:
    _, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
    return int(tf.nest.flatten(labels)[0].shape[0])


def _scan(where: str, structure: Any, rows: int) -> NonFinite | None:
    for value in tf.nest.flatten(structure, expand_composites=True):
        # A graph that a layer calls has symbolic tensors inside.
        if not tf.is_tensor(value) or not hasattr(value, "numpy") or not value.dtype.is_floating:
            continue
        array = np.asarray(value)
        finite = np.isfinite(array)
        if not finite.all():
            of_rows = array.shape[:1] == (rows,) and not where.startswith(_OF_NO_ROWS)
            bad_rows = np.unique(np.nonzero(~finite)[0]).tolist() if of_rows else []
            return NonFinite(where, str(float(array[~finite][0])), tuple(bad_rows))
    return None


def _named(kind: str, part: Any) -> dict[str, Any]:
    return {f"{kind} {name}": value for name, value in part.items()} if isinstance(part, Mapping) else {kind: part}


def _local(variable: Any) -> Any:
    """Returns one replica's copy of a variable: only a copy has gradients where no replicas run."""
    return tf.distribute.get_strategy().experimental_local_results(variable.value)[0]
