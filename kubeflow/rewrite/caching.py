"""ExampleGen's cache key holds the data's fingerprint.

KFP makes the key of a step of its inputs, image, arguments and outputs (KFP/v2/cacheutils/cache.go:173) and so sees of
the data only where they are; what TFX's driver finds out about them comes too late. A fingerprint as a further
parameter of the step gets into the key like every other. Without one the step is never cached.
"""

import copy

from kubeflow.rewrite.commands import runs_driver
from kubeflow.spec import Spec, executor_of, tasks

FINGERPRINT = "data_fingerprint"


def reading_data(spec: Spec) -> list[str]:
    """Returns the names of the tasks that read the data, ExampleGens."""
    return [name for name, task in tasks(spec) if runs_driver(executor_of(spec, task).get("container", {}))]


def uncached_data(spec: Spec) -> Spec:
    """Returns the specification in which what reads the data always runs."""
    spec = copy.deepcopy(spec)
    reading = reading_data(spec)
    for name, task in tasks(spec):
        if name in reading:
            task.pop("cachingOptions", None)
    return spec
