"""The variants of a task as contenders."""

from components.errors import UsageError, did_you_mean
from pipeline.comparison.contender import Contender
from pipeline.config import TaskConfig


def contenders(task: TaskConfig, text: str | None) -> tuple[Contender, ...]:
    """Returns the variants of a comma-separated list.

    Args:
        task: The task.
        text: Names of its variants; None takes all.

    Raises:
        UsageError: The task has none, or one does not exist or is named twice.

    Example:
        >>> from pipeline import tasks
        >>> [one.name for one in contenders(tasks.load("stamps"), "text_only,both")]
        ['text_only', 'both']
    """
    if not task.variants:
        raise UsageError(
            "A task must have variants to compare.",
            received=f"task={task.name} without any",
            fix="Name some in `variants` of its task.py.",
        )
    names = [part.strip() for part in text.split(",")] if text is not None else list(task.variants)
    for number, name in enumerate(names):
        if name not in task.variants:
            fix = did_you_mean(name, task.variants)
            raise UsageError("A variant must exist.", received=name or "nothing", fix=fix)
        if name in names[:number]:
            raise UsageError("A variant is compared once.", received=name)
    return tuple(Contender(name, task.variants[name]) for name in names)
