"""What ServingCheck found: a row per check, as JSON beside the blessing. No TensorFlow here."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.whole_file import whole_file

FILE = "check.json"
# The rules that hold a number against a limit.
MEASURED = LOAD_TIME, MEDIAN, P95, MEMORY = "load time", "median latency", "p95 latency", "memory"


@dataclass(frozen=True)
class Check:
    """One check.

    Args:
        signature: The signature that was asked; "" where the check is on the model as a whole.
        case: What was sent, such as `batch`; "" where nothing was.
        rule: What must hold.
        seen: What was found, or why the check was not run.
        allowed: What would pass.
        passed: Whether it holds; None where it was not run.
    """

    signature: str
    case: str
    rule: str
    seen: str
    allowed: str
    passed: bool | None


@dataclass(frozen=True)
class Result:
    """What came of all checks: `passed`, the `rows`, and the `reason` in a line, "" where all is well."""

    rows: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failed

    @property
    def failed(self) -> list[Check]:
        """The checks that failed."""
        return [row for row in self.rows if row.passed is False]

    @property
    def reason(self) -> str:
        """The first failure and how many more there are."""
        if self.passed:
            return ""
        first, more = self.failed[0], len(self.failed) - 1
        where = ", ".join(filter(None, [first.signature, first.case]))
        line = f"{where + ': ' if where else ''}{first.rule}: {first.seen} (allowed: {first.allowed})"
        return f"{line} and {more} more" if more else line

    def as_dicts(self) -> list[dict[str, Any]]:
        """Returns the rows as JSON values."""
        return [asdict(row) for row in self.rows]

    def write(self, folder: Path) -> None:
        """Writes `check.json` into the folder of the blessing, beside and then renamed."""
        content = {"passed": self.passed, "reason": self.reason, "checks": self.as_dicts()}
        with whole_file(folder / FILE) as beside:
            beside.write_text(json.dumps(content, indent=2) + "\n")


def read(uri: str) -> Result:
    """Returns what lies in the folder of a blessing.

    Raises:
        OSError: There is no `check.json`.
    """
    content = json.loads((Path(uri) / FILE).read_text())
    return Result(tuple(Check(**row) for row in content["checks"]))


def whether(rule: str, problems: Sequence[str], allowed: str, seen: str, signature: str = "", case: str = "") -> Check:
    """Returns a check that holds if there are no problems, of which the first three are shown in place of `seen`."""
    text = "; ".join(problems[:3]) + (f" and {len(problems) - 3} more" if len(problems) > 3 else "")
    return Check(signature, case, rule, text or seen, allowed, passed=not problems)


def not_run(rule: str, why: str, signature: str = "", case: str = "") -> Check:
    """Returns a check that was not run."""
    return Check(signature, case, rule, f"not run: {why}", "-", passed=None)
