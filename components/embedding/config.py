"""What the Embedder can be told, as a frozen dataclass. No TensorFlow here: the command line reads this too."""

from dataclasses import dataclass, field
from typing import Any

from components.errors import UsageError


@dataclass(frozen=True)
class EmbeddingConfig:
    """A module of TensorFlow Hub that turns a transformed feature into a vector.

    Args:
        enabled: Whether the pipeline has an Embedder: its vectors take the place of the feature in the records that are
            trained on, and the exported model holds the module. `slipway neighbours` and `slipway similarity` embed
            without it as well.
        module: Handle of the module, as `components.trainer.hub.handles.resolve` takes it. None: nothing is embedded.
        feature: The transformed feature that the module takes.
        output: The feature that takes its place, [vector size] float32.
        prepare: Import path of `function(values, **params)`, in TensorFlow's graph, from a batch of the feature to what
            the module takes. None gives it the feature as it is.
        params: Arguments for it.
        signature: Signature of the module to call, its `__call__` by default.
        output_key: Output of the module to take, where there are several.
        keep_feature: Whether the feature stays beside the vector.
        batch_size: Rows in a call of the module.
        rows_per_file: Rows in a file of the result at most, and so what is lost at most when the node is killed.
    """

    enabled: bool = False
    module: str | None = None
    feature: str = ""
    output: str = "embedding"
    prepare: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    signature: str | None = None
    output_key: str | None = None
    keep_feature: bool = False
    batch_size: int = 64
    rows_per_file: int = 2048

    def check(self) -> None:
        """Raises a UsageError if something is missing or a number is out of range."""
        for name, example in (("module", "converted:glove-50d"), ("feature", "text"), ("output", "embedding")):
            if not getattr(self, name):
                raise UsageError(
                    f"`embedding.{name}` must be given.",
                    received=f"{name}={getattr(self, name)!r}",
                    fix=f"Example: --set embedding.{name}={example}.",
                )
        for name in ("batch_size", "rows_per_file"):
            if getattr(self, name) < 1:
                raise UsageError(f"`embedding.{name}` must be at least 1.", received=f"{name}={getattr(self, name)}")
