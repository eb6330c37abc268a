"""The process that has only TensorFlow: loads a model and asks it. Run as `python -I -S clean_process.py PATH...`.

`PATH...` are the folders that TensorFlow and what it needs lie in. While TensorFlow is imported the questions are not
known yet: a line on standard input says that `questions.json` is there. `answers.jsonl` gets an object per line as
things happen, so that it says how far a process came that crashed.

    questions.json  {"model": folder, "questions": [{"signature", "case", "timed", "inputs": {name: tensor}}, ...],
                     "calls": number, "seconds": number}

A tensor is a TensorProto in base64.
"""

import base64
import importlib.abc
import importlib.machinery
import json
import math
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

QUESTIONS = "questions.json"
ANSWERS = "answers.jsonl"

# Our own packages, which may be installed beside TensorFlow; and what TensorFlow imports only because it is there,
# which takes two of five seconds and a quarter of the memory. No served model needs it.
HIDDEN = frozenset(
    ("components", "pipeline", "keras", "tf_keras", "scipy", "pandas", "googleapiclient", "oauth2client")
)


class Hidden(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """An importer for packages that must not be found."""

    def find_spec(self, name: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Takes charge of a hidden package; TensorFlow asks for Keras's spec, and stops where there is none."""
        return importlib.machinery.ModuleSpec(name, self) if name.partition(".")[0] in HIDDEN else None

    def exec_module(self, module: ModuleType) -> None:
        """Raises an ImportError."""
        raise ImportError(f"{module.__name__} is not there for a served model.", name=module.__name__)


def main(paths: list[str]) -> None:
    """Answers the questions in the working folder."""
    sys.path.extend(paths)
    sys.meta_path.insert(0, Hidden())
    with Path(ANSWERS).open("a") as file:
        start = time.monotonic()
        import tensorflow as tf

        tell(file, event="imported", seconds=time.monotonic() - start, memory_mib=peak_memory_mib())
        sys.stdin.readline()
        answer_all(file, tf, json.loads(Path(QUESTIONS).read_text()))
        tell(file, event="done", memory_mib=peak_memory_mib())


def answer_all(file: Any, tf: Any, asked: Mapping[str, Any]) -> None:
    """Loads the model, describes its signatures, answers the questions and measures how long that takes."""
    start = time.monotonic()
    try:
        model = tf.saved_model.load(asked["model"])
    except Exception as error:  # noqa: BLE001 (whatever it was, the model cannot be served)
        tell(file, event="broken", **_error(error))
        return
    tell(file, event="loaded", seconds=time.monotonic() - start)
    for name, signature in model.signatures.items():
        tell(file, event="signature", signature=name, **described(signature))
    known = [question for question in asked["questions"] if question["signature"] in model.signatures]
    for question in known:
        answer(file, tf, model.signatures[question["signature"]], question)
    for question in known:
        if question["timed"]:
            measure(file, tf, model.signatures[question["signature"]], question, asked["calls"], asked["seconds"])


def tell(file: Any, **event: Any) -> None:
    """Writes a line that is there even if the process is killed."""
    file.write(json.dumps(event) + "\n")
    file.flush()


def described(signature: Any) -> dict[str, Any]:
    """Returns name to dtype and shape of what a signature takes and gives; a shape of unknown rank is None."""
    sides = {"inputs": signature.structured_input_signature[1], "outputs": signature.structured_outputs}
    return {
        side: {name: [spec.dtype.name, _shape(spec.shape)] for name, spec in specs.items()}
        for side, specs in sides.items()
    }


def _shape(shape: Any) -> list[int | None] | None:
    return None if shape.rank is None else shape.as_list()


def answer(file: Any, tf: Any, signature: Any, question: Mapping[str, Any]) -> None:
    """Asks once and tells the outputs, or the error."""
    asked = {"signature": question["signature"], "case": question["case"]}
    tell(file, event="asking", **asked)
    try:
        outputs = {name: _text(tf, value) for name, value in signature(**_tensors(tf, question)).items()}
    except Exception as error:  # noqa: BLE001 (whatever it was, it is the answer)
        tell(file, event="answer", **asked, **_error(error))
    else:
        tell(file, event="answer", **asked, outputs=outputs)


def measure(file: Any, tf: Any, signature: Any, question: Mapping[str, Any], calls: int, seconds: float) -> None:
    """Asks the same again and again, and tells how long that took; nothing if it has no answer."""
    inputs = _tensors(tf, question)
    times: list[float] = []
    tell(file, event="asking", signature=question["signature"], case=question["case"])
    end = time.monotonic() + seconds
    try:
        while len(times) < calls and time.monotonic() < end:
            start = time.perf_counter()
            for value in signature(**inputs).values():
                value.numpy()
            times.append(1000 * (time.perf_counter() - start))
    except Exception:  # noqa: BLE001 (it was told when it was asked first)
        return
    p95 = sorted(times)[math.ceil(0.95 * len(times)) - 1]
    latency = {"calls": len(times), "median_ms": statistics.median(times), "p95_ms": p95}
    tell(file, event="latency", signature=question["signature"], **latency)


def _error(error: Exception) -> dict[str, str]:
    return {"error": str(error), "kind": type(error).__name__}


def _tensors(tf: Any, question: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _tensor(tf, text) for name, text in question["inputs"].items()}


def _text(tf: Any, tensor: Any) -> str:
    return base64.b64encode(tf.io.serialize_tensor(tensor).numpy()).decode()


def _tensor(tf: Any, text: str) -> Any:
    serialized = base64.b64decode(text)
    proto = tf.make_tensor_proto(0).FromString(serialized)
    return tf.io.parse_tensor(serialized, proto.dtype)


def peak_memory_mib() -> float:
    """Returns the most memory that the process has had."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # Not `getrusage`: on Linux that counts what the process was before it became this one, a copy of its parent.
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
