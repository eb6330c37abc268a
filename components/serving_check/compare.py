"""Arrays against arrays: how far what a model gives is from what it should give."""

from collections.abc import Mapping

import numpy as np

Arrays = Mapping[str, np.ndarray]


def differences(seen: Arrays, expected: Arrays, tolerance: float) -> list[str]:
    """Returns a line for each array that differs, with the value that is off most.

    Lists are padded to the longest of their batch, which another batch has not: only what both have is compared.

    Args:
        seen: Arrays by name, [rows, ...] each.
        expected: What they should be; names that only one side has are left out, and what has another rank.
        tolerance: How far a number may be off, absolutely or relative to what is expected. Whole numbers and text must
            be the same; so must NaN.

    Example:
        >>> differences({"fare": np.array([1.0, 2.5])}, {"fare": np.array([1.0, 2.0])}, 1e-5)
        ['fare is 2.5 in row 1, not 2']
    """
    lines = []
    for name in sorted(expected.keys() & seen.keys()):
        if seen[name].ndim == expected[name].ndim:
            extent = tuple(slice(min(sizes)) for sizes in zip(seen[name].shape, expected[name].shape, strict=True))
            if line := _difference(seen[name][extent], expected[name][extent], tolerance):
                lines.append(f"{name} is {line}")
    return lines


def _difference(seen: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Returns what is off most, "" if nothing is."""
    if not _are_floats(seen, expected):
        distance = np.asarray(seen != expected).astype(float)
    else:
        seen, expected = seen.astype(np.float64), expected.astype(np.float64)
        wrong = ~np.isclose(seen, expected, tolerance, tolerance, equal_nan=True)
        with np.errstate(invalid="ignore"):
            distance = np.where(wrong, np.nan_to_num(np.abs(seen - expected), nan=np.inf, posinf=np.inf), 0.0)
    if not distance.any():
        return ""
    place = np.unravel_index(np.argmax(distance), distance.shape)
    return f"{_text(seen[place])} in row {place[0]}, not {_text(expected[place])}"


def _are_floats(*arrays: np.ndarray) -> bool:
    # Half precision of 8 exponent bits is no number to numpy, but it can be made one.
    return all(np.issubdtype(array.dtype, np.floating) or array.dtype.name == "bfloat16" for array in arrays)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return repr(value[:40].decode(errors="replace"))
    return f"{value:.7g}" if isinstance(value, np.floating) else str(value)
