"""Imports once what the nodes need, in the process that all of them are forked from.

Only TFX's and this project's modules: a module of a user's may run TensorFlow when it is imported, and a process that
has done so cannot be forked.
"""

import importlib
from collections.abc import Iterable

FIRST = ("tensorflow", "keras")
MODULES = (
    "tensorflow_transform",
    "tensorflow_model_analysis",
    "tfx.components",
    "tfx.components.evaluator.executor",
    "components.example_gen.executor",
    "tfx.components.statistics_gen.executor",
    "tfx.components.transform.executor",
    "tfx.orchestration.portable.launcher",
    "components.trainer.run_fn",
    "pipeline.dag",
    "pipeline.runner.nodes",
    "pipeline.runner.prepare",
)


def tensorflow() -> None:
    """Imports what data are made ready with."""
    _import(FIRST)


def imports() -> None:
    """Imports all."""
    _import((*FIRST, *MODULES))


def _import(names: Iterable[str]) -> None:
    for name in names:
        importlib.import_module(name)
