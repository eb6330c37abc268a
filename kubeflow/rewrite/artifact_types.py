"""Types of artifacts by title, not by a schema in place.

TFX writes `instanceSchema` (TFX/compiler_utils.py: get_artifact_schema). KFP stores the title it finds in there but
hands input artifacts to a step with an empty schema (KFP/v2/metadata/client.go:1144; tensorflow/tfx#7768). A title says
the same, and TFX reads either (TFX/container/kubeflow_v2_entrypoint_utils.py: _retrieve_class_path).
"""

from kubeflow.spec import Spec, replaced, title

VERSION = "0.0.1"


def titles(spec: Spec) -> Spec:
    """Returns the specification with `schemaTitle` in the place of every `instanceSchema`."""
    return replaced(spec, _titled)


def _titled(node: Spec) -> Spec:
    if "instanceSchema" not in node:
        return node
    rest = {key: value for key, value in node.items() if key != "instanceSchema"}
    return {**rest, "schemaTitle": title({"artifactType": node}), "schemaVersion": VERSION}
