"""What the API server, KFP's compiler, Argo, a step or Kubernetes would refuse, before anything is submitted."""

from collections.abc import Collection

from components.errors import UsageError
from kubeflow.checks import api_server, argo, compiler, platform, step
from kubeflow.checks.finding import Finding
from kubeflow.spec import Spec

__all__ = ["Finding", "find", "require"]


def find(spec: Spec, platform_document: Spec | None = None, required: Collection[str] = ()) -> list[Finding]:
    """Returns everything that would be refused or break, in the order in which the cluster would meet it.

    Args:
        spec: The first document of a file.
        platform_document: The second one, None where there is none.
        required: Parameters of the root that may lack a default, as whoever submits has to give them.
    """
    found = api_server.find(spec, required)
    if found and "root" not in spec:
        return found
    return [*found, *compiler.find(spec), *argo.find(spec), *step.find(spec), *platform.find(spec, platform_document)]


def require(spec: Spec, platform_document: Spec | None = None, required: Collection[str] = ()) -> None:
    """Raises a UsageError that names the node and the rule if there is anything to find; arguments as for `find`."""
    found = find(spec, platform_document, required)
    if found:
        first, more = found[0], f" ({len(found) - 1} more)" if len(found) > 1 else ""
        raise UsageError(first.rule, received=f"{first.node}: {first.received}{more}", fix=f"Refused by {first.by}.")
