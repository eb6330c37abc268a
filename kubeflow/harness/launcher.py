"""What KFP's launcher does around a step's command (KFP/v2/component/launcher_v2.go).

It downloads the inputs to the local paths of their URIs, makes the parent of each output, fills the placeholders, runs
the command, reads what that has written, and uploads the outputs. The command itself never meets the store.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from components.errors import ComponentFailed
from kubeflow.harness import metadata
from kubeflow.harness.driver import Json, Outputs
from kubeflow.harness.process import Starter
from kubeflow.harness.store import Store
from kubeflow.spec import Spec
from kubeflow.step.executor_input import local_path


class StepFailed(ComponentFailed):
    """The command of a step failed.

    Args:
        exit_code: The command's; a negative one is the signal that ended it.
        last_line: What it said last.
        log: All that it said.
    """

    def __init__(self, exit_code: int, last_line: str, log: Path) -> None:
        rule = "A step must end with exit code 0."
        super().__init__(rule, received=f"{exit_code}: {last_line}".rstrip("."), fix=f"Its log is {log}.")
        self.status, self.last_line = exit_code, last_line


def launch(container: Spec, executor_input: Json, store: Store, root: Path, log: Path, start: Starter) -> Outputs:
    """Runs a step's command and returns what it has made.

    Args:
        container: Command and arguments.
        executor_input: What the driver has found.
        store: Where artifacts come from and go to.
        root: The folder that stands for the file system's root in the pod.
        log: Gets the step's output.
        start: How the command is run.

    Raises:
        StepFailed: The command failed.
        ComponentFailed: What it wrote cannot be read or recorded, or the store cannot be used.
    """
    for artifact in _artifacts(executor_input["inputs"]):
        store.download(artifact["uri"], _local(artifact["uri"], root))
    _make_parents(executor_input["outputs"], root)
    log.parent.mkdir(parents=True, exist_ok=True)
    exit_code = start(filled([*container["command"], *container.get("args", ())], executor_input, root), root, log)
    if exit_code:
        raise StepFailed(exit_code, _last_line(log), log)
    made = _made(executor_input["outputs"])
    for artifact in made.artifacts.values():
        store.upload(_local(artifact["uri"], root), artifact["uri"])
    return made


def _artifacts(side: Json) -> list[Json]:
    return [artifact for value in side["artifacts"].values() for artifact in value["artifacts"]]


def _local(uri: str, root: Path) -> Path:
    """Returns where the files of a URI lie (launcher_v2.go:1239)."""
    place = local_path(uri)
    if place == uri:
        raise ComponentFailed("The URI of an artifact must begin with gs://, minio:// or s3://.", received=uri)
    return Path(f"{root}{place}")


def _make_parents(outputs: Json, root: Path) -> None:
    """Makes the folders around the outputs, and not those of the artifacts themselves (launcher_v2.go:1270)."""
    files = [Path(parameter["outputFile"]) for parameter in outputs["parameters"].values()]
    for path in (*files, *(_local(artifact["uri"], root) for artifact in _artifacts(outputs))):
        path.parent.mkdir(parents=True, exist_ok=True)


def filled(command: list[str], executor_input: Json, root: Path) -> list[str]:
    """Returns a command with its placeholders filled (launcher_v2.go: getPlaceholders).

    Example:
        >>> outputs = {"artifacts": {}, "parameters": {}, "outputFile": "/tmp/out.json"}
        >>> given = {"inputs": {"artifacts": {}, "parameterValues": {"n": 3}}, "outputs": outputs}
        >>> filled(["--to={{$.outputs.output_file}}", "{{$.inputs.parameters['n']}}"], given, Path("/"))
        ['--to=/tmp/out.json', '3']
    """
    inputs, outputs = executor_input["inputs"], executor_input["outputs"]
    values = {"{{$}}": json.dumps(executor_input), "{{$.outputs.output_file}}": outputs["outputFile"]}
    for side in ("inputs", "outputs"):
        for key, value in executor_input[side]["artifacts"].items():
            uri = value["artifacts"][0]["uri"]
            values[f"{{{{$.{side}.artifacts['{key}'].uri}}}}"] = uri
            values[f"{{{{$.{side}.artifacts['{key}'].path}}}}"] = str(_local(uri, root))
    for key, value in inputs["parameterValues"].items():
        values[f"{{{{$.inputs.parameters['{key}']}}}}"] = value if isinstance(value, str) else json.dumps(value)
    for key, value in outputs["parameters"].items():
        values[f"{{{{$.outputs.parameters['{key}'].output_file}}}}"] = value["outputFile"]
    return [_replaced(part, values) for part in command]


def _replaced(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")


def _made(outputs: Json) -> Outputs:
    """Merges what the step has written into what the driver has planned: URI and metadata (launcher_v2.go:1188)."""
    written = _executor_output(Path(outputs["outputFile"]))
    artifacts = {key: dict(value["artifacts"][0]) for key, value in outputs["artifacts"].items()}
    for key, artifact in artifacts.items():
        for told in written.get("artifacts", {}).get(key, {}).get("artifacts", ())[:1]:
            artifact["uri"] = told.get("uri") or artifact["uri"]
            artifact["metadata"] = {**artifact["metadata"], **told.get("metadata", {})}
        metadata.recorded(artifact["metadata"])
    return Outputs(artifacts, _parameters(outputs, written.get("parameterValues", {})))


def _executor_output(file: Path) -> Json:
    """Returns what the step has written, an ExecutorOutput and nothing else: KFP reads it strictly."""
    if not file.exists():
        return {}
    try:
        written = json.loads(file.read_text())
        json_format.ParseDict(written, pipeline_spec_pb2.ExecutorOutput())
    except (ValueError, json_format.ParseError) as error:
        raise ComponentFailed("A step must write an ExecutorOutput.", received=f"{file.name}: {error}") from None
    return written


def _parameters(outputs: Json, written: Json) -> Json:
    """Collects the output parameters: from the ExecutorOutput, or from a file each."""
    found: dict[str, Any] = {}
    for key, parameter in outputs["parameters"].items():
        file = Path(parameter["outputFile"])
        if key not in written and not file.exists():
            raise ComponentFailed("A step must write each of its output parameters.", received=f"no {key}")
        found[key] = written[key] if key in written else file.read_text()
    return found
