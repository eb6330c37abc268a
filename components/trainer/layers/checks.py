"""Checks of arguments and shapes that the layers share."""

from collections.abc import Sequence

from components.errors import UsageError


def check_counts(**values: int) -> None:
    """Raises a UsageError unless each value is a whole number of 1 or more."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UsageError(f"`{name}` must be a whole number of 1 or more.", received=f"{name}={value!r}")


def check_rate(**values: float) -> None:
    """Raises a UsageError unless each value is at least 0 and less than 1."""
    for name, value in values.items():
        if not 0 <= value < 1:
            raise UsageError(f"`{name}` must be at least 0 and less than 1.", received=f"{name}={value!r}")


def check_shape(layer: str, shape: Sequence[int | None], axes: str) -> None:
    """Raises a UsageError unless a shape has the axes, the last of them of a known size.

    Args:
        layer: Name of the layer, for the error.
        shape: Shape of the input, None where a size is not known.
        axes: Names of the axes, such as `batch time features`; a leading `...` stands for one or more axes.
    """
    names = axes.split()
    right = len(shape) >= len(names) if names[0] == "..." else len(shape) == len(names)
    if not right or shape[-1] is None:
        raise UsageError(
            f"{layer} needs inputs of shape [{', '.join(names)}] with a known last size.",
            received=f"shape={tuple(shape)}",
            fix="Give `keras.Input` the whole shape of one example, or reshape before this layer.",
        )
