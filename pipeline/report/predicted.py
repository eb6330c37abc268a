"""What a model says of a row, beside what is so."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.report.charts import number_text

_SHOWN = 6


@dataclass(frozen=True)
class Predicted:
    """One output for one row.

    Args:
        output: Its name.
        said: What the model says.
        label: What is so; empty where the row does not tell.
        judged: `right`, `wrong`, `off by` so much, or empty where neither can be said.
    """

    output: str
    said: str
    label: str
    judged: str


def predicted(output: str, values: np.ndarray, label: Sequence[Any], classes: Sequence[str]) -> Predicted:
    """Returns a prediction in words.

    Args:
        output: The output's name.
        values: Its values for the row, of any shape.
        label: The values of the label; none where the row has none.
        classes: The names of the classes, as far as they are known.
    """
    scores = [float(value) for value in np.ravel(values)]
    known = label[0] if len(label) == 1 else None
    if not scores or not all(map(math.isfinite, scores)):
        return Predicted(output, _numbers(scores), _label(label, ()), "")
    # Whole numbers count classes where there is a score for each; `temperature: 3` has one score, which is no share.
    if isinstance(known, int) and len(scores) > 1:
        return _class(output, scores, known, classes)
    if isinstance(known, int) and known in (0, 1) and 0 <= scores[0] <= 1:
        names = classes if len(classes) == 2 else ("0", "1")
        judged = "right" if (scores[0] >= 0.5) == bool(known) else "wrong"
        return Predicted(output, f"{scores[0]:.1%} for {names[1]}", names[known], judged)
    if isinstance(known, int | float) and len(scores) == 1:
        return Predicted(output, number_text(scores[0]), number_text(known), f"off by {number_text(scores[0] - known)}")
    return Predicted(output, _numbers(scores), _label(label, ()), "")


def _class(output: str, scores: Sequence[float], known: int, classes: Sequence[str]) -> Predicted:
    best = max(range(len(scores)), key=scores.__getitem__)
    share = math.isclose(sum(scores), 1, abs_tol=0.01) and min(scores) >= 0
    score = f"{scores[best]:.1%}" if share else number_text(scores[best])
    judged = "right" if best == known else "wrong"
    return Predicted(output, f"{_label([best], classes)} ({score})", _label([known], classes), judged)


def _label(label: Sequence[Any], classes: Sequence[str]) -> str:
    if len(label) == 1 and isinstance(label[0], int) and 0 <= label[0] < len(classes):
        return classes[label[0]]
    return ", ".join(
        one.decode(errors="replace") if isinstance(one, bytes) else number_text(one) for one in label[:_SHOWN]
    )


def _numbers(scores: Sequence[float]) -> str:
    more = f" and {len(scores) - _SHOWN} more" if len(scores) > _SHOWN else ""
    return ", ".join(map(number_text, scores[:_SHOWN])) + more
