"""TFX's own output for a pipeline, and what TFX's compiler does not write into it. No TFX here."""

from dataclasses import dataclass, field
from typing import Any

from kubeflow.spec import Spec


@dataclass(frozen=True)
class Stock:
    """What TFX compiles, and what it loses.

    Args:
        job: The PipelineJob that TFX writes, schema 2.1.
        defaults: Name of a RuntimeParameter to its default.
        classes: Title of a custom artifact type to the import path of its class.
        components: Id of a node to the name of its type in ML Metadata.
    """

    job: Spec
    defaults: dict[str, Any]
    classes: dict[str, str]
    components: dict[str, str] = field(default_factory=dict)

    @property
    def spec(self) -> Spec:
        """The PipelineSpec."""
        return self.job["pipelineSpec"]
