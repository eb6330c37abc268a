"""Tensors of any dtype as text: TensorFlow's own TensorProto in base64, which JSON can hold."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2


def encode(tensors: Mapping[str, Any]) -> dict[str, str]:
    """Returns eager tensors by name as text.

    Example:
        >>> decode(encode({"word": tf.constant(["a", ""])}))["word"].tolist()
        [b'a', b'']
    """
    return {name: base64.b64encode(tf.io.serialize_tensor(tensor).numpy()).decode() for name, tensor in tensors.items()}


def decode(texts: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Returns what was encoded as arrays, numbers bit for bit; strings are bytes in arrays of objects."""
    return {
        name: tf.make_ndarray(tensor_pb2.TensorProto.FromString(base64.b64decode(text))) for name, text in texts.items()
    }
