"""What can be set against a slow input. No TensorFlow here."""

from typing import Any

from components.trainer.config import TrainingConfig

AS_IT_IS = "as it is"


def fixes(config: TrainingConfig, in_memory: bool, parsed_mb: float, memory_mb: int) -> dict[str, dict[str, Any]]:
    """Returns the changes that are worth trying, by what they do; the last one makes all of them.

    Args:
        config: The training.
        in_memory: Whether the split is held in memory already.
        parsed_mb: Mebibytes that it would take.
        memory_mb: Mebibytes that it may take.

    Example:
        >>> from components.trainer.config import InputConfig, ModelConfig
        >>> config = TrainingConfig(ModelConfig("model.build"), memory_mb=0, input=InputConfig(prefetch=0))
        >>> list(fixes(config, in_memory=False, parsed_mb=3.2, memory_mb=100))
        ['cache in memory', 'read ahead', 'all of these']
    """
    found: dict[str, dict[str, Any]] = {}
    own = config.input
    if not in_memory and parsed_mb <= memory_mb:
        enough = max(config.memory_mb, int(parsed_mb * 1.25) + 1)
        found["cache in memory"] = {"memory_mb": enough, "input.cache": "memory"}
    if own.parallel_calls is not None:
        found["parallel calls"] = {"input.parallel_calls": None}
    if own.prefetch is not None:
        found["read ahead"] = {"input.prefetch": None}
    if len(found) > 1:
        found["all of these"] = {key: value for changes in found.values() for key, value in changes.items()}
    return found
