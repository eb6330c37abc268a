"""What a good export looks like: from the schema what its signatures take, from the Trainer what they give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.reference_predictions import ReferencePredictions
from components.serving_check.cases import DEFAULT, FEATURES
from components.trainer.raw_features import RawFeature

Sides = Mapping[str, tuple[str, list[int | None] | None]]

_HALF_TOLERANCE = 1e-2


@dataclass(frozen=True)
class Expected:
    """What is expected.

    Args:
        features: The raw features that a client has, by name.
        reference: What the Trainer has seen; None where it has left nothing.
        tolerance: How far a number may be off.
    """

    features: Mapping[str, RawFeature]
    reference: ReferencePredictions | None
    tolerance: float

    def inputs(self, signature: str) -> Sides:
        """Returns name to dtype and shape of what a signature takes."""
        if signature != DEFAULT:
            return {"examples": ("string", [None])}
        specs = {feature.argument: feature.tensor_spec for feature in self.features.values()}
        return {name: (spec.dtype.name, spec.shape.as_list()) for name, spec in specs.items()}

    def outputs(self, signature: str) -> Mapping[str, np.ndarray]:
        """Returns what the Trainer has seen of a signature's outputs by name; nothing where it has left nothing."""
        if self.reference is None:
            return {}
        return self.reference.features if signature == FEATURES else self.reference.outputs

    def predictions(self, signature: str, examples: Sequence[bytes]) -> tuple[list[int], Mapping[str, np.ndarray]]:
        """Returns which of some examples the Trainer has seen, by their positions, and what it saw for those."""
        seen = {example: row for row, example in enumerate(self.reference.examples)} if self.reference else {}
        known = [position for position, example in enumerate(examples) if example in seen]
        rows = [seen[examples[position]] for position in known]
        return known, {name: array[rows] for name, array in self.outputs(signature).items()}

    @property
    def allowed_difference(self) -> float:
        """The tolerance, or what half precision needs."""
        half = self.reference is not None and self.reference.half
        return max(self.tolerance, _HALF_TOLERANCE) if half else self.tolerance

    @property
    def allowed(self) -> str:
        """How far a number may be off, in words."""
        return f"a difference up to {self.allowed_difference:g}"


def dtype_name(array: np.ndarray) -> str:
    """Returns TensorFlow's name of an array's dtype."""
    return "string" if array.dtype == object else array.dtype.name
