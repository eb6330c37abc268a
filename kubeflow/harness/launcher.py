"""What KFP's launcher does around a step's command (KFP/v2/component/launcher_v2.go)."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.errors import ComponentFailed
from kubeflow.harness.driver import Json, Outputs
from kubeflow.harness.store import FolderStore
from kubeflow.spec import Spec
from kubeflow.step.executor_input import ROOT_VARIABLE, local_path
from pipeline.kubeflow_code import PROJECT

_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


def launch(container: Spec, executor_input: Json, store: FolderStore, root: Path, log: Path) -> Outputs:
    """Runs a step's command in a process of its own and returns what it has made.

    Args:
        container: Command and arguments.
        executor_input: What the driver has found.
        store: Where artifacts come from and go to.
        root: The folder that stands for the file system's root in the pod.
        log: Gets the step's output.

    Raises:
        ComponentFailed: The command failed, or what it wrote cannot be read.
    """
    for artifact in _artifacts(executor_input["inputs"]):
        store.download(artifact["uri"], _local(artifact["uri"], root))
    outputs = executor_input["outputs"]
    for artifact in _artifacts(outputs):
        _local(artifact["uri"], root).parent.mkdir(parents=True, exist_ok=True)
    for parameter in outputs["parameters"].values():
        Path(parameter["outputFile"]).parent.mkdir(parents=True, exist_ok=True)
    _run(filled([*container["command"], *container.get("args", ())], executor_input), root, log)
    made = _made(executor_input)
    for artifact in made.artifacts.values():
        store.upload(_local(artifact["uri"], root), artifact["uri"])
    return made


def _artifacts(side: Json) -> list[Json]:
    return [artifact for value in side["artifacts"].values() for artifact in value["artifacts"]]


def _local(uri: str, root: Path) -> Path:
    return Path(f"{root}{local_path(uri)}")


def filled(command: list[str], executor_input: Json) -> list[str]:
    """Returns a command with its placeholders filled."""
    values = {"{{$}}": json.dumps(executor_input)}
    for side in ("inputs", "outputs"):
        for key, value in executor_input[side]["artifacts"].items():
            values[f"{{{{$.{side}.artifacts['{key}'].uri}}}}"] = value["artifacts"][0]["uri"]
    for key, value in executor_input["inputs"]["parameterValues"].items():
        values[f"{{{{$.inputs.parameters['{key}']}}}}"] = value if isinstance(value, str) else json.dumps(value)
    return [_replaced(part, values) for part in command]


def _replaced(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _run(command: list[str], root: Path, log: Path) -> None:
    """Runs a command as the pod would: no more of the environment than it needs, in the project's folder."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {ROOT_VARIABLE: str(root), "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    program = [sys.executable, *command[1:]] if command[0] == "python" else command
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        answer = subprocess.run(
            program, cwd=PROJECT, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    if answer.returncode:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()] or ["no output"]
        raise ComponentFailed(
            "A step must end with exit code 0.", received=f"{answer.returncode}: {lines[-1]}", fix=f"Its log is {log}."
        )


def _made(executor_input: Json) -> Outputs:
    """Merges what the step has written into what the driver has planned."""
    outputs = executor_input["outputs"]
    file = Path(outputs["outputFile"])
    written = json.loads(file.read_text()) if file.exists() else {}
    artifacts = {key: dict(value["artifacts"][0]) for key, value in outputs["artifacts"].items()}
    for key, value in written.get("artifacts", {}).items():
        for told in value["artifacts"][:1]:
            metadata = {**artifacts[key]["metadata"], **told.get("metadata", {})}
            artifacts[key] = {**artifacts[key], **told, "metadata": metadata}
    return Outputs(artifacts, _parameters(outputs, written.get("parameterValues", {})))


def _parameters(outputs: Json, written: Json) -> Json:
    found: dict[str, Any] = {}
    for key, parameter in outputs["parameters"].items():
        file = Path(parameter["outputFile"])
        if key in written:
            found[key] = written[key]
        elif file.exists():
            found[key] = file.read_text()
    return found
