"""What KFP's API server refuses when a file is uploaded or a run is made."""

import re
from collections.abc import Collection, Iterator

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from kubeflow.checks.finding import Finding
from kubeflow.spec import Spec

WHOLE = "pipeline"
_TEMPLATE = "KFP's API server (apiserver/template/v2_template.go:{})"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,127}")


def find(spec: Spec, required: Collection[str] = ()) -> list[Finding]:
    """Returns what it would refuse; `required` names parameters that whoever submits has to give."""
    return [*_form(spec), *(_parameters(spec, required) if "root" in spec else ())]


def _form(spec: Spec) -> Iterator[Finding]:
    if "pipelineSpec" in spec or "root" not in spec:
        by = "KFP's API server (apiserver/template/template.go:112: unknown template format)"
        yield Finding(WHOLE, "The file must hold a PipelineSpec.", f"keys {', '.join(sorted(spec))}", by)
        return
    try:
        json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    except json_format.ParseError as error:
        yield Finding(WHOLE, "The file must hold a PipelineSpec.", str(error), _TEMPLATE.format(199))
    version = spec.get("schemaVersion")
    if version != "2.1.0":
        yield Finding(WHOLE, "The schema must have version 2.1.0.", f"schemaVersion={version}", _TEMPLATE.format(234))
    name = spec.get("pipelineInfo", {}).get("name", "")
    if not _NAME.fullmatch(name):
        rule = "A pipeline's name must be small letters, digits and `-`."
        yield Finding(WHOLE, rule, f"name={name}", _TEMPLATE.format(240))


def _parameters(spec: Spec, required: Collection[str]) -> Iterator[Finding]:
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, parameter in sorted(declared.items()):
        if not ("defaultValue" in parameter or parameter.get("isOptional") or name in required):
            rule = "A runtime parameter must have a default, be optional, or be given by whoever submits."
            yield Finding(WHOLE, rule, f"{name} without one", _TEMPLATE.format(475))
