"""Changes to the project's own code that make a run go wrong, made in a forked process before its command starts."""

import time
from pathlib import Path
from typing import Any

import tensorflow as tf

from components.trainer import export


def clock_a_day_back() -> None:
    """Lets the clock say a time of yesterday."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() - 86_400
    time.time_ns = lambda: now_ns() - 86_400 * 10**9


def no_vocabulary() -> None:
    """Exports a model without the vocabularies of its tables."""
    save = export.save

    def save_the_rest(model: Any, transform: export.TransformGraph, folder: Path) -> None:
        save(model, transform, folder)
        for vocabulary in (folder / "assets").iterdir():
            vocabulary.unlink()

    export.save = save_the_rest


def wrong_dtype() -> None:
    """Exports a model of which `serving_default` wants float64 where the schema says FLOAT."""
    signatures = export._signatures

    def changed(model: Any, transform: export.TransformGraph) -> dict[str, Any]:
        made = signatures(model, transform)
        right = {name: feature.tensor_spec for name, feature in transform.raw.items()}
        wrong = {name: _widened(spec) for name, spec in right.items()}

        def serve(values: dict[str, tf.Tensor]) -> Any:
            return made["serving_default"]({name: tf.cast(value, right[name].dtype) for name, value in values.items()})

        return {**made, "serving_default": tf.function(serve, [wrong], autograph=False)}

    export._signatures = changed


def _widened(spec: tf.TensorSpec) -> tf.TensorSpec:
    return tf.TensorSpec(spec.shape, tf.float64 if spec.dtype == tf.float32 else spec.dtype, spec.name)
