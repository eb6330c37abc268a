"""How the Trainer reads its input. No TensorFlow here: the command line reads this too."""

from dataclasses import dataclass
from typing import Literal

from components.errors import UsageError


@dataclass(frozen=True)
class InputConfig:
    """How the rows of a split are read.

    Args:
        broken: What happens to an element that cannot be read or decoded: `raise` refuses the data and names it; `skip`
            leaves it out, names it in the log and counts it.
        max_skipped_share: The part of the elements, and of the files that break off, that `skip` may leave out, 0 to 1.
            More of them refuse the data: a file that breaks off counts as a lost file, as nobody knows what it held.
        lists: How batches of lists of any length are made. `bucketed`: padded, rows of similar lengths together;
            `padded`: rows in any order; `ragged`: not padded, for models that take ragged tensors.
        cache: Where decoded elements are kept: in `memory` if `training.memory_mb` allows, else they are decoded in
            each pass; on `disk` what memory has no room for; `none` keeps nothing.
        cache_folder: Where the disk cache is; it is gone when the process ends. None takes the system's temporary
            folder.
        parallel_calls: Batches or elements that are decoded at a time; None leaves it to tf.data.
        prefetch: Batches that are read ahead; None leaves it to tf.data.
        deterministic: Whether batches come in the order of the seed even if a later one is ready earlier.
    """

    broken: Literal["raise", "skip"] = "raise"
    max_skipped_share: float = 0.01
    lists: Literal["bucketed", "padded", "ragged"] = "bucketed"
    cache: Literal["memory", "disk", "none"] = "memory"
    cache_folder: str | None = None
    parallel_calls: int | None = None
    prefetch: int | None = None
    deterministic: bool = True

    def check(self) -> None:
        """Raises a UsageError if a number is out of its range."""
        if not 0 <= self.max_skipped_share <= 1:
            raise UsageError(
                "`training.input.max_skipped_share` must be from 0 to 1.",
                received=f"max_skipped_share={self.max_skipped_share}",
            )
        for name, least in (("parallel_calls", 1), ("prefetch", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UsageError(f"`training.input.{name}` must be at least {least}.", received=f"{name}={value}")
