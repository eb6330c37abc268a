"""What ServingCheck demands of a model, as a frozen dataclass. No TensorFlow here: the command line reads this too."""

from dataclasses import dataclass

from components.errors import UsageError


@dataclass(frozen=True)
class ServingCheckConfig:
    """What is sent to the exported model, and the limits that it must keep. None is no limit.

    Args:
        examples: Raw examples of the eval split in the batch that is sent; the first is also sent alone.
        missing: The raw features that are left out, one in each row and all in another; None takes those that the
            schema calls optional. For models that need one of several: they may refuse a row that has none.
        tolerance: How far a number may be from the Trainer's prediction, absolutely or relative to it. Models that
            compute in half precision are given 0.01 at least.
        calls: How often one example is sent to measure the latency, after the answers above have warmed the model up;
            fewer times if that takes over 5 seconds.
        max_latency_ms: Median of one example's latency, in milliseconds.
        max_p95_ms: The latency that 95 % of the calls keep, in milliseconds.
        max_memory_mib: Peak memory of the process, in mebibytes; TensorFlow alone takes about 500.
        max_load_s: How long loading may take, in seconds, without the import of TensorFlow.
        timeout_s: Seconds after which the process is taken for hung, all in all.
    """

    examples: int = 16
    missing: tuple[str, ...] | None = None
    tolerance: float = 1e-5
    calls: int = 50
    max_latency_ms: float | None = 1000.0
    max_p95_ms: float | None = 3000.0
    max_memory_mib: float | None = 8192.0
    max_load_s: float | None = 60.0
    timeout_s: float = 300.0

    def check(self) -> None:
        """Raises a UsageError for a number that is out of range."""
        for name in ("examples", "calls"):
            if getattr(self, name) < 1:
                raise UsageError(f"`serving.{name}` must be at least 1.", received=f"{name}={getattr(self, name)}")
        for name in ("max_latency_ms", "max_p95_ms", "max_memory_mib", "max_load_s", "timeout_s"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"`serving.{name}` must be above 0.", received=f"{name}={value}")
        if not self.tolerance >= 0:
            raise UsageError("`serving.tolerance` must not be negative.", received=f"tolerance={self.tolerance}")
