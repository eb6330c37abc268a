"""Stands in for `tensorflow_model_server`: takes its options, loads the model, answers over REST and gRPC."""

import argparse
import base64
import json
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--rest_api_port", type=int)
    parser.add_argument("--model_name")
    parser.add_argument("--model_base_path", type=Path)
    return parser.parse_args()


class Grpc(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, signatures: Any) -> None:
        self.signatures = signatures

    def Predict(self, request, context):  # noqa: N802
        inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
        response = predict_pb2.PredictResponse()
        for name, value in self.signatures[request.model_spec.signature_name](**inputs).items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return response


def handler(name: str, signatures: Any) -> type[BaseHTTPRequestHandler]:
    class Rest(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == f"/v1/models/{name}"
            self._send({"model_version_status": [{"version": "1", "state": "AVAILABLE"}]} if known else {})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            signature = signatures[body["signature_name"]]
            specs = signature.structured_input_signature[1]
            inputs = {key: tf.constant(plain(value), specs[key].dtype) for key, value in body["inputs"].items()}
            outputs = {key: value.numpy().tolist() for key, value in signature(**inputs).items()}
            self._send({"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))})

        def _send(self, content: Any) -> None:
            data = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Rest


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(part) for part in value]
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def main() -> None:
    given = options()
    [version] = given.model_base_path.iterdir()
    model = tf.saved_model.load(str(version))
    server = grpc.server(futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Grpc(model.signatures), server)
    server.add_insecure_port(f"127.0.0.1:{given.port}")
    server.start()
    # Not in a thread: gRPC's would take no calls once the main one has ended.
    handling = handler(given.model_name, model.signatures)
    ThreadingHTTPServer(("127.0.0.1", given.rest_api_port), handling).serve_forever()


if __name__ == "__main__":
    main()
