"""The tasks: one folder each, with `data.py`, `preprocessing.py`, `model.py` and `task.py`."""

import importlib
import pathlib
from typing import TYPE_CHECKING

from components.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from pipeline.config import TaskConfig


def names() -> list[str]:
    """Returns the names of the tasks, sorted."""
    return sorted(file.parent.name for file in pathlib.Path(__file__).parent.glob("*/task.py"))


def load(name: str) -> "TaskConfig":
    """Returns a task's configuration; of its code only `task.py` is imported.

    Raises:
        UsageError: There is no such task.

    Example:
        >>> load("taxi").evaluation.label
        'big_tip'
    """
    known = names()
    if name not in known:
        raise UsageError("A task must exist.", received=f"task={name}", fix=did_you_mean(name, known))
    return importlib.import_module(f"{__name__}.{name}.task").TASK
