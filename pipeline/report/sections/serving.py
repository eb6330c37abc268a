"""What ServingCheck found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.serving_check.result import FILE, MEASURED, Check, Result, read
from pipeline.report.material import Material
from pipeline.report.section import Section

_NODE = "ServingCheck"


@dataclass(frozen=True)
class Serving:
    """The checks of the exported model.

    Args:
        passed: Whether none failed.
        reason: The first failure; empty without one.
        measured: The checks that hold a number against a limit, or that failed, or were not run.
        others: Those that passed besides.
        missing: Why there are none.
    """

    passed: bool
    reason: str
    measured: tuple[Check, ...]
    others: tuple[Check, ...]
    missing: str = ""


def section(material: Material) -> Section | None:
    """Returns the checks; None for a run that has checked nothing."""
    result = checks(material)
    if result is not None:
        shown = tuple(row for row in result.rows if row.passed is not True or row.rule in MEASURED)
        facts = Serving(result.passed, result.reason, shown, tuple(row for row in result.rows if row not in shown))
    elif material.made("InfraBlessing"):
        facts = Serving(False, "", (), (), f"There is no {FILE} beside the blessing, and no events tell the checks.")
    else:
        return None
    return Section("serving", "Serving check", "sections/serving.html", facts)


def checks(material: Material) -> Result | None:
    """Returns what ServingCheck has written beside its blessing, else what the run has told; None without either."""
    for artifact in reversed(material.made("InfraBlessing")):
        if path := material.path_of(artifact):
            try:
                return read(str(path))
            except (OSError, ValueError, TypeError, KeyError):
                continue
    return _told(material.told.serving_check)


def _told(rows: Sequence[Mapping[str, object]]) -> Result | None:
    try:
        return Result(tuple(Check(**row) for row in rows)) if rows else None  # type: ignore[arg-type]
    except TypeError:
        # A newer worker tells more of each.
        return None
