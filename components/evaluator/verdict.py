"""What the Evaluator decided, and why: `verdict.json` in the folder of its evaluation. No TensorFlow here."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from components.settings import from_dict, to_dict
from components.whole_file import whole_file

VERDICT_FILE = "verdict.json"
FORCED_PROPERTY = "force_bless_reason"  # A custom property of the ModelBlessing.
_NOTHING_DEMANDED = "no threshold; give one, such as --set evaluation.thresholds.AUC.lower=0.8"


@dataclass(frozen=True)
class Row:
    """One metric over the whole split or over one slice.

    Args:
        metric: The metric's class, `<output>/<class>` where the model has several outputs.
        slice: `feature=value`, several joined by commas; "" is the whole split.
        value: The model's value; None where it is not a finite number, and the note says what it is.
        lower: The value must be at least this; None demands nothing.
        upper: The value must be at most this; None demands nothing.
        min_change: How much better than the baseline's it must be at least; None demands nothing.
        higher_is_better: The direction of a change for the better.
        baseline: The baseline model's value; None without one.
        change: Value minus baseline.
        examples: How many examples there are; None where ExampleCount is not computed.
        passed: Whether it meets what is demanded; None where nothing is, or where it is not judged.
        note: Why there is no value or no judgement.
    """

    metric: str
    slice: str = ""
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    min_change: float | None = None
    higher_is_better: bool = True
    baseline: float | None = None
    change: float | None = None
    examples: int | None = None
    passed: bool | None = None
    note: str = ""

    @property
    def demands(self) -> tuple[str, ...]:
        """The thresholds as a person writes them, such as `>= 0.9`."""
        sign, change = (">=", self.min_change) if self.higher_is_better else ("<=", _negative(self.min_change))
        bounds = {">=": self.lower, "<=": self.upper, f"change {sign}": change}
        return tuple(f"{how} {bound:g}" for how, bound in bounds.items() if bound is not None)

    @property
    def described(self) -> str:
        """The row in a few words: the metric, where, what it is and what it should be."""
        where = f" where {self.slice}" if self.slice else ""
        value = self.note if self.value is None else f"{self.value:.4g}"
        change = f", change {self.change:+.4g}" if self.change is not None and self.min_change is not None else ""
        return f"{self.metric}={value}{change}{where} ({', '.join(self.demands)})"


@dataclass(frozen=True)
class Verdict:
    """The Evaluator's decision.

    Args:
        blessed: Whether the model may be pushed.
        reason: Why, in a sentence or a list of what was missed.
        forced: The reason that a person gave for blessing a model that misses its thresholds; None where nobody did.
        uncompared: Why the model was not compared with the baseline; None if it was, or if there is no baseline.
        rows: The whole split first, outputs and metrics in the order of the configuration.
    """

    blessed: bool
    reason: str
    forced: str | None = None
    uncompared: str | None = None
    rows: tuple[Row, ...] = ()


def _negative(value: float | None) -> float | None:
    return None if value is None else 0.0 - value


def decide(rows: tuple[Row, ...], force: str | None = None, uncompared: str | None = None) -> Verdict:
    """Returns the decision that follows from what was judged.

    Nothing demanded, and nothing judged, is no reason to bless. One case is: the only demands are on the change, and
    there is nothing to compare with, as at the first model of a task.

    Args:
        rows: What was judged.
        force: A person's reason to bless the model whatever it misses.
        uncompared: Why the baseline was left out.
    """
    missed = [row.described for row in rows if row.passed is False]
    demanded = [row for row in rows if row.demands]
    blessed, reason = False, _NOTHING_DEMANDED
    if missed:
        reason = "; ".join(missed)
    elif any(row.passed for row in rows):
        blessed, reason = True, "Every threshold is met."
    elif any(not row.slice and row.baseline is None for row in demanded):
        blessed, reason = True, "There is no baseline to be better than."
    elif demanded:
        reason = "no slice with enough examples to be judged"
    forced = force if force and not blessed else None
    return Verdict(blessed or bool(forced), reason, forced, uncompared, rows)


def write(verdict: Verdict, evaluation_uri: str) -> None:
    """Writes the verdict beside what TFMA has written."""
    path = Path(evaluation_uri, VERDICT_FILE)
    with whole_file(path) as beside:
        beside.write_text(json.dumps(to_dict(verdict), indent=2, allow_nan=False) + "\n")


def read(evaluation_uri: str) -> Verdict:
    """Returns the verdict in the folder of an `evaluation` artifact."""
    return from_dict(Verdict, json.loads(Path(evaluation_uri, VERDICT_FILE).read_text()))


def as_event(verdict: Verdict) -> dict[str, object]:
    """Returns the fields of the `evaluation` event."""
    return dataclasses.asdict(verdict)
