"""What Argo refuses: names, which KFP passes on to it as they are."""

import re
from collections.abc import Iterator

from kubeflow.checks.finding import Finding
from kubeflow.spec import Spec, dags

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_BY = "Argo (workflow/validate/validate.go:1711)"
_LONGEST = 128


def find(spec: Spec) -> list[Finding]:
    """Returns what it would refuse."""
    names = [name for dag in dags(spec) for name in sorted(dag.get("tasks", {}))]
    return [*(item for name in names for item in _name(name)), *_same(names)]


def _name(name: str) -> Iterator[Finding]:
    if not _NAME.fullmatch(name):
        yield Finding(name, "A task's name must be letters, digits and `-`.", name, _BY)
    elif len(name) > _LONGEST:
        yield Finding(name, f"A task's name must have {_LONGEST} characters at most.", f"{len(name)} characters", _BY)


def _same(names: list[str]) -> Iterator[Finding]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding(name, "A task's name must be the only one of its kind.", f"{names.count(name)} tasks", _BY)
