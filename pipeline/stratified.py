"""A split of rows in which every class has its share of `eval`, decided by a hash of what a row holds."""

import hashlib
from array import array
from collections.abc import Hashable, Iterable

from components.errors import UsageError


class StratifiedSplit:
    """Says which split a row belongs to.

    In each class the rows with the lowest hashes are for evaluation, the same ones whatever the order of the rows. Rows
    with the same content have the same hash, so none is in both splits. Eight bytes a row are held, never a row.

    Args:
        rows: Class and content of each row; the class is None where there are none.
        share: Share of `eval` in each class, at least one row where a class has two that differ.
        seed: Chooses other rows.

    Raises:
        UsageError: The share does not lie between 0 and 1.

    Example:
        >>> rows = [("cat", f"picture {number}") for number in range(10)]
        >>> split = StratifiedSplit(rows, share=0.2)
        >>> sum(split(*row) == "eval" for row in rows)
        2
    """

    def __init__(self, rows: Iterable[tuple[Hashable, str]], share: float, seed: int = 0) -> None:
        if not 0 < share < 1:
            raise UsageError("`eval_share` must lie between 0 and 1.", received=f"eval_share={share}")
        self._seed = seed
        hashes: dict[Hashable, array[int]] = {}
        for stratum, content in rows:
            hashes.setdefault(stratum, array("Q")).append(self._hash(content))
        self._borders = {stratum: _border(found, share) for stratum, found in hashes.items()}

    def __call__(self, stratum: Hashable, content: str) -> str:
        """Returns `train` or `eval` for a row that was among those of the beginning."""
        return "eval" if self._hash(content) < self._borders[stratum] else "train"

    def _hash(self, content: str) -> int:
        digest = hashlib.blake2b(f"{self._seed}\x1f{content}".encode(errors="surrogateescape"), digest_size=8).digest()
        return int.from_bytes(digest, "big")


def _border(hashes: Iterable[int], share: float) -> int:
    """Returns the lowest hash of `train`."""
    ordered = sorted(set(hashes))
    return ordered[min(max(1, round(share * len(ordered))), len(ordered) - 1)]
