"""Asking TensorFlow Serving, over REST and over gRPC."""

import base64
import http.client
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import grpc
import numpy as np
import tensorflow as tf

Inputs: TypeAlias = Mapping[str, tf.Tensor]
Client: TypeAlias = Callable[[str, str, str, Inputs, float], dict[str, np.ndarray]]

# A proxy of the environment is not for the loopback.
_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
]


def over_rest(address: str, model: str, signature: str, inputs: Inputs, timeout: float) -> dict[str, np.ndarray]:
    """Returns the outputs of a signature by name; numbers as JSON gives them, text as bytes.

    Args:
        address: Host and port.
        model: The name of the model.
        signature: The name of the signature.
        inputs: Eager tensors by name.
        timeout: Seconds.

    Raises:
        OSError: No server answers.
        ValueError: It refuses, or what it answers is no JSON.
    """
    body = {"signature_name": signature, "inputs": {name: _as_json(value.numpy()) for name, value in inputs.items()}}
    answer = _call(address, "POST", f"/v1/models/{model}:predict", timeout, json.dumps(body))
    outputs = answer["outputs"]
    # A single output comes without its name.
    named = outputs if isinstance(outputs, Mapping) else {"": outputs}
    return {name: _array(value) for name, value in named.items()}


def state_over_rest(address: str, model: str, timeout: float) -> str:
    """Returns the state of the newest version of a model, such as `AVAILABLE`; raises as `over_rest` does."""
    return str(_call(address, "GET", f"/v1/models/{model}", timeout)["model_version_status"][0]["state"])


def over_grpc(address: str, model: str, signature: str, inputs: Inputs, timeout: float) -> dict[str, np.ndarray]:
    """Returns the outputs of a signature by name; the arguments are those of `over_rest`.

    Raises:
        grpc.RpcError: No server answers, or it refuses.
    """
    # What TFX brings along; hardly any machine has the server.
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, value in inputs.items():
        request.inputs[name].ParseFromString(tf.io.serialize_tensor(value).numpy())
    with grpc.insecure_channel(address, options=_OPTIONS) as channel:
        answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=timeout)
    return {name: tf.make_ndarray(value) for name, value in answer.outputs.items()}


def _call(address: str, method: str, path: str, timeout: float, body: str | None = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        content = response.read().decode()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise ValueError(f"{response.status} {content.strip()}")
    return json.loads(content)


def _as_json(array: np.ndarray) -> Any:
    return _base64(array.tolist()) if array.dtype == object else array.tolist()


def _base64(value: Any) -> Any:
    return [_base64(part) for part in value] if isinstance(value, list) else {"b64": base64.b64encode(value).decode()}


def _array(value: Any) -> np.ndarray:
    array = np.array(value)
    return np.char.encode(array).astype(object) if array.dtype.kind == "U" else array


def reason(error: Exception) -> str:
    """Returns why a server did not answer, in a line."""
    text = error.details() if isinstance(error, grpc.Call) else str(error)
    return f"{type(error).__name__}: {' '.join((text or '').split())[:300]}"
