"""A failed step is started again: TFX's compiler gives no task a `retryPolicy`."""

import copy
from collections.abc import Callable

from kubeflow.spec import Spec, executor_of, tasks

_BACKOFF = {"backoffDuration": "30s", "backoffFactor": 2.0, "backoffMaxDuration": "600s"}


def with_retries(spec: Spec, count: Callable[[str], int]) -> Spec:
    """Returns the specification in which containers are started again.

    Args:
        spec: The specification.
        count: From the name of a task to how often; with 0 it fails at once.
    """
    spec = copy.deepcopy(spec)
    for name, task in tasks(spec):
        if "container" in executor_of(spec, task) and count(name):
            task["retryPolicy"] = {"maxRetryCount": count(name), **_BACKOFF}
    return spec
