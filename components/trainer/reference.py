"""Predictions of the model that was trained, before it is saved: what the export is held against."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from components.reference_predictions import RAW_EXAMPLES, ReferencePredictions, first_rows
from components.trainer.export import TransformGraph
from components.trainer.model_inputs import model_inputs
from components.trainer.sequences import padded
from components.trainer.validate_outputs import named_outputs

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs

ROWS = 16

_HALVES = ("float16", "bfloat16")


def write(model: keras.Model, transform: TransformGraph, fn_args: "FnArgs") -> None:
    """Writes predictions for the first raw rows beside the export, if the Trainer was given raw examples."""
    folders = fn_args.custom_config.get(RAW_EXAMPLES)
    if folders:
        rows = first_rows(folders, ROWS)
        predictions(model, transform, rows).write(Path(fn_args.serving_model_dir).parent)


def predictions(model: keras.Model, transform: TransformGraph, examples: Sequence[bytes]) -> ReferencePredictions:
    """Returns what Transform's graph and the model in memory make of raw rows, in one batch.

    Neither goes through a signature or through `export`: an error there must not be in both.

    Args:
        model: The trained model.
        transform: Transform's graph.
        examples: Serialized tf.train.Example.
    """
    # On the CPU, as the export is checked there: a GPU rounds the factors of matrix products to 10 bits.
    with tf.device("CPU"):
        features = {name: padded(value) for name, value in transform.from_examples(tf.constant(examples)).items()}
        values = model({name: features[name] for name in model_inputs(model, features)}, training=False)
    return ReferencePredictions(
        tuple(examples), _arrays(features), _arrays(named_outputs(model, values)), half=_is_half(model)
    )


def _arrays(tensors: Mapping[str, tf.Tensor]) -> dict[str, Any]:
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _is_half(model: keras.Model) -> bool:
    return any(layer.compute_dtype in _HALVES for layer in model._flatten_layers())
