"""A file of `slipway compile --target kfp`, read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from components.errors import UsageError
from kubeflow.spec import Spec, executor_of, tasks

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ENDINGS = (".yaml", ".yml")
_FIX = "`slipway compile TASK --target kfp -o FILE.yaml` writes one."


@dataclass(frozen=True)
class CompiledFile:
    """A file and what is in it.

    Args:
        path: Where it is.
        spec: The PipelineSpec.
        platform: The Kubernetes platform document, None where there is none.
    """

    path: Path
    spec: Spec
    platform: Spec | None

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return str(self.spec.get("pipelineInfo", {}).get("name", ""))


def read(path: Path) -> CompiledFile:
    """Returns a file as far as its form goes; `kubeflow.checks` looks at what it says.

    Raises:
        UsageError: It is no YAML, is nothing that was compiled for KFP, or KFP's client would not take its name.
    """
    documents = _documents(path)
    if path.suffix not in _ENDINGS:
        rule = "The name of a compiled pipeline must end in .yaml or .yml: KFP's client refuses others."
        raise UsageError(rule, received=str(path), fix="Give it another name.")
    if not documents or len(documents) > 2 or not all(isinstance(document, dict) for document in documents):
        rule = "A compiled pipeline must be a PipelineSpec and, if anything, a platform document."
        raise UsageError(rule, received=f"{path}: {len(documents)} documents", fix=_FIX)
    spec, platform = documents[0], documents[1] if len(documents) == 2 else None
    if "pipelineSpec" not in spec:
        _check_form(path, spec)
    if "pipelineSpec" in spec or _is_vertex(spec):
        raise UsageError("The file must be compiled for kfp.", received=f"{path}, compiled for Vertex", fix=_FIX)
    if platform is not None and not isinstance(_executors(platform), dict):
        rule = "The second document of a compiled pipeline must be the Kubernetes platform's."
        raise UsageError(rule, received=f"{path}: {', '.join(map(str, platform))}", fix=_FIX)
    return CompiledFile(path, spec, platform)


def _documents(path: Path) -> list[Any]:
    try:
        return list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_LOADER))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError("A compiled pipeline is YAML.", received=f"{path}: {error}", fix=_FIX) from None


def _check_form(path: Path, spec: Spec) -> None:
    try:
        json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    except json_format.ParseError as error:
        raise UsageError("A compiled pipeline must be a PipelineSpec.", received=f"{path}: {error}", fix=_FIX) from None


def _executors(platform: Spec) -> Any:
    found: Any = platform
    for key in ("platforms", "kubernetes", "deploymentSpec", "executors"):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _is_vertex(spec: Spec) -> bool:
    """Returns whether the steps open URIs themselves, as they may on Vertex only."""
    containers = (executor_of(spec, task).get("container", {}) for _, task in tasks(spec))
    return any("--uris=native" in container.get("args", ()) for container in containers)
