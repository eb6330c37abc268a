"""What the server takes and what then fails in a step, or silently does something else."""

import re
from collections.abc import Iterator

from kubeflow.checks.finding import Finding
from kubeflow.rewrite.caching import FINGERPRINT
from kubeflow.rewrite.commands import runs_driver
from kubeflow.rewrite.conditions import KEY
from kubeflow.spec import Spec, component_of, executor_of, tasks

_TFX_COMMAND = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"
_PLACEHOLDER = re.compile(r"\{\{\$(.*?)\}\}", re.DOTALL)
_KNOWN = re.compile(
    r"|\.json_escape\[\d\]|\.inputs\.parameters\['[^']+'\]|\.outputs\.parameters\['[^']+'\]\.output_file"
    r"|\.(inputs|outputs)\.artifacts\['[^']+'\]\.(uri|path)|\.inputs\.artifacts\['[^']+'\]\.metadata(\['[^']+'\])?"
    r"|\.outputs\.output_file|\.outputs\.output_metadata_uri"
)
_SCHEMES = ("gs://", "s3://", "minio://")


def find(spec: Spec) -> list[Finding]:
    """Returns what would fail or go astray."""
    checks = (_types, _condition, _container, _importer, _caching)
    return [item for name, task in tasks(spec) for check in checks for item in check(spec, name, task)]


def _types(spec: Spec, name: str, task: Spec) -> Iterator[Finding]:
    component = component_of(spec, task)
    for side in ("inputDefinitions", "outputDefinitions"):
        for key, artifact in sorted(component.get(side, {}).get("artifacts", {}).items()):
            if not artifact.get("artifactType", {}).get("schemaTitle"):
                rule = "The type of an artifact must be given by its title: KFP hands on an empty schema."
                yield Finding(name, rule, f"{key} without schemaTitle", "KFP (v2/metadata/client.go:1144)")


def _condition(_: Spec, name: str, task: Spec) -> Iterator[Finding]:
    for key in KEY.findall(task.get("triggerPolicy", {}).get("condition", "")):
        if key not in task.get("inputs", {}).get("artifacts", {}):
            rule = "A condition must be about an input of its task."
            yield Finding(name, rule, key, "KFP's driver (v2/expression/expression.go:134)")


def _container(spec: Spec, name: str, task: Spec) -> Iterator[Finding]:
    container = executor_of(spec, task).get("container", {})
    if "lifecycle" in container:
        rule = "ExampleGen's driver must run in the step: KFP ignores `lifecycle`."
        yield Finding(name, rule, ", ".join(container["lifecycle"]), "KFP (no reference in backend/src)")
    if _TFX_COMMAND in container.get("command", ()):
        rule = "A step must not run TFX's own entry point: it opens URIs without a file system and needs types."
        yield Finding(name, rule, _TFX_COMMAND, "KFP's launcher (v2/component/launcher_v2.go:811)")
    if "container" in executor_of(spec, task) and not container.get("image"):
        yield Finding(name, "A container must have an image.", "none", "Kubernetes")
    for text in (*container.get("command", ()), *container.get("args", ())):
        for inside in _PLACEHOLDER.findall(text):
            if not _KNOWN.fullmatch(inside):
                rule = "A placeholder must be one that KFP's launcher fills."
                by = "KFP's launcher (v2/component/launcher_v2.go:1051)"
                yield Finding(name, rule, f"{{{{${inside}}}}}", by)


def _importer(spec: Spec, name: str, task: Spec) -> Iterator[Finding]:
    uri = executor_of(spec, task).get("importer", {}).get("artifactUri", {}).get("constant")
    if uri is not None and not str(uri).startswith(_SCHEMES):
        rule = f"An importer's URI must begin with {', '.join(_SCHEMES)}."
        yield Finding(name, rule, str(uri), "KFP's launcher (v2/component/importer_launcher.go:277)")


def _caching(spec: Spec, name: str, task: Spec) -> Iterator[Finding]:
    reads = runs_driver(executor_of(spec, task).get("container", {}))
    cached = task.get("cachingOptions", {}).get("enableCache")
    if reads and cached and FINGERPRINT not in task.get("inputs", {}).get("parameters", {}):
        rule = "A cached step that reads the data must have their fingerprint among its inputs."
        yield Finding(name, rule, f"enableCache without {FINGERPRINT}", "KFP's cache (v2/cacheutils/cache.go:173)")
