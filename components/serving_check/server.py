"""TensorFlow Serving's own server, where it is installed: the same rows over REST and gRPC, on the loopback."""

import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import grpc
import numpy as np

from components.serving_check import clients
from components.serving_check.cases import BATCH, SIGNATURES, SINGLE, Case
from components.serving_check.compare import differences
from components.serving_check.config import ServingCheckConfig
from components.serving_check.expected import Expected
from components.serving_check.process import command
from components.serving_check.result import Check, not_run, whether

BINARY = "tensorflow_model_server"
MODEL = "model"

_HOST = "127.0.0.1"
_POLL = 0.1
_WAYS = ("REST", "gRPC")


class ModelServer:
    """Starts the server on two free ports. Ends it at the end of a `with` block.

    Args:
        binary: The server's path.
        folder: The folder of a model, with a version in it.

    Attributes:
        rest: Where it answers over REST.
        grpc: Where it answers over gRPC.
    """

    def __init__(self, binary: str, folder: Path) -> None:
        grpc_port, rest_port = _free_ports()
        self.rest, self.grpc = f"{_HOST}:{rest_port}", f"{_HOST}:{grpc_port}"
        options = {"port": grpc_port, "rest_api_port": rest_port, "model_name": MODEL, "model_base_path": folder}
        self._log = folder.parent / "server.txt"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command(binary, *(f"--{name}={value}" for name, value in options.items())),
                env={"PATH": os.environ["PATH"]},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def wait(self, end: float) -> str:
        """Waits until the model is there, and returns what is in the way; "" if nothing is.

        Args:
            end: Until when, by the monotonic clock.
        """
        state = "no answer"
        while time.monotonic() < end:
            if self._process.poll() is not None:
                lines = self._log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
                return f"it ended with code {self._process.returncode}: {lines[-1]}"
            try:
                state = clients.state_over_rest(self.rest, MODEL, max(_POLL, end - time.monotonic()))
            except (OSError, ValueError, http.client.HTTPException) as error:
                state = clients.reason(error)
            if state == "AVAILABLE":
                return ""
            time.sleep(_POLL)
        return f"not available in time: {state}"


def ask_server(
    model: Path, cases: Sequence[Case], expected: Expected, config: ServingCheckConfig, usable: bool
) -> list[Check]:
    """Returns a row per way, signature and case; or that nothing was asked, and why.

    Args:
        model: Folder of the SavedModel, a version in the folder of a model.
        cases: What can be sent.
        expected: What should come back.
        config: The limits.
        usable: Whether the model has passed what comes before.
    """
    binary = shutil.which(BINARY)
    if binary is None or not usable:
        why = f"no {BINARY} on PATH" if binary is None else "the model failed in the clean process"
        return [not_run(_rule(way), why) for way in _WAYS]
    sent = [case for case in cases if case.name in (SINGLE, BATCH)]
    end = time.monotonic() + config.timeout_s
    with ModelServer(binary, model.parent) as server:
        trouble = server.wait(end)
        loads = whether(f"{BINARY} loads it", [trouble] if trouble else [], "a model that is available", "available")
        return [loads, *([] if trouble else _answers(server, sent, expected, end))]


def _answers(server: ModelServer, cases: Sequence[Case], expected: Expected, end: float) -> Iterator[Check]:
    asked = {"REST": (clients.over_rest, server.rest), "gRPC": (clients.over_grpc, server.grpc)}
    for way, (client, address) in asked.items():
        for signature in SIGNATURES:
            for case in cases:
                problems = _problems(client, address, signature, case, expected, end)
                seen = f"equal in {len(case.examples)} rows"
                yield whether(_rule(way), problems, expected.allowed, seen, signature, case.name)


def _rule(way: str) -> str:
    return f"equals the Trainer's over {way}"


def _problems(
    client: clients.Client, address: str, signature: str, case: Case, expected: Expected, end: float
) -> list[str]:
    """Returns what is wrong with an answer of the server."""
    known, predictions = expected.predictions(signature, case.examples)
    timeout = max(_POLL, end - time.monotonic())
    try:
        outputs = client(address, MODEL, signature, case.inputs(signature, expected.features), timeout)
    except (OSError, ValueError, KeyError, http.client.HTTPException, grpc.RpcError) as error:
        return [clients.reason(error)]
    if list(outputs) == [""] and len(predictions) == 1:
        outputs = dict.fromkeys(predictions, outputs[""])
    arrays = {name: outputs[name][known] for name in predictions if name in outputs}
    missing = [f"no {name}" for name in predictions if name not in outputs]
    return missing + differences(_as(arrays, predictions), predictions, expected.allowed_difference)


def _as(arrays: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns arrays in the dtypes of others: JSON has numbers of one kind only."""
    return {name: array.astype(like[name].dtype) for name, array in arrays.items()}


def _free_ports() -> tuple[int, int]:
    with ExitStack() as stack:
        # Held together, or both could be the same.
        sockets = [stack.enter_context(socket.socket()) for _ in _WAYS]
        for one in sockets:
            one.bind((_HOST, 0))
        grpc_port, rest_port = (one.getsockname()[1] for one in sockets)
    return grpc_port, rest_port
