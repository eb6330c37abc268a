"""What is learned, told by the label; and what a model has to beat."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from components.errors import DataRefused, UsageError, did_you_mean
from pipeline.new.column import Column, type_of
from pipeline.new.findings import Findings, Problem

LEAST_ROWS = 40
LEAST_ROWS_OF_A_CLASS = 8
EVAL_SHARE = 0.2

_LABEL_NAMES = ("label", "target", "class", "y")
_MOST_CLASSES = 200
_MOST_NUMBERED_CLASSES = 20
_MOST_MISSING = 0.05
_LONGEST_CLASS = 60


def label_of(columns: Iterable[str], asked: str | None) -> str:
    """Returns the column that is the label.

    Args:
        columns: All of them.
        asked: The one that was asked for; None takes the one that is called label, target, class or y.

    Raises:
        UsageError: There is no such column, or several.
    """
    columns = list(columns)
    if asked is not None:
        if asked not in columns:
            fix = did_you_mean(asked, columns)
            raise UsageError("The label must be one of the columns.", received=f"--label {asked}", fix=fix)
        return asked
    found = [name for name in columns if name.lower() in _LABEL_NAMES]
    if len(found) != 1:
        raise UsageError(
            "One column must be the label.",
            received="no --label" + (f", and {' and '.join(found)} could be it" if found else ""),
            fix=f"Give --label COLUMN, one of: {', '.join(columns)}.",
        )
    return found[0]


def of_column(column: Column, label: str) -> Problem:
    """Returns what is learned where a column is the label.

    Args:
        column: The column.
        label: What the label is called in the records.

    Raises:
        DataRefused: There is nothing to learn.
    """
    _check_column(column)
    name = column.name
    if column.type == "BYTES":
        return of_classes(column.values, label, name, f"`{name}` has {column.distinct} different words")
    whole = all(float(value).is_integer() for value in column.values)
    few = column.distinct <= _MOST_NUMBERED_CLASSES and column.distinct * LEAST_ROWS_OF_A_CLASS <= column.present
    if column.distinct == 2 or (whole and few):
        return of_classes(column.values, label, name, f"`{name}` has {column.distinct} different numbers")
    if column.present < LEAST_ROWS:
        raise _too_few(column.present)
    count = f"over {column.distinct:,}" if column.overflowed else f"{column.distinct:,}"
    return Problem(
        kind="value",
        label=label,
        column=name,
        type="FLOAT",
        why=f"`{name}` has {count} different numbers",
        mean=column.mean,
        deviation=column.deviation,
        minimum=column.minimum,
        maximum=column.maximum,
    )


def _check_column(column: Column) -> None:
    if column.missing > _MOST_MISSING * column.rows:
        raise DataRefused(
            f"The label may be missing in {_MOST_MISSING:.0%} of the rows at most.",
            received=f"{column.name}, missing in {column.missing:,} of {column.rows:,}",
            fix="Take these rows out, or choose another label.",
        )
    if column.distinct == 1:
        [value] = column.values
        received = f"{column.name}, which is {value} in all {column.present:,} rows"
        raise DataRefused("The label must have two different values at least.", received=received)
    if column.type == "BYTES" and column.distinct > min(_MOST_CLASSES, column.present / 2):
        count = f"over {column.distinct:,}" if column.overflowed else f"{column.distinct:,}"
        raise DataRefused(
            "A label must be a number, or one of a few words.",
            received=f"{column.name} with {count} different texts in {column.present:,} rows",
            fix="Choose another label.",
        )


def of_classes(rows: Mapping[str, int], label: str, column: str, why: str) -> Problem:
    """Returns what is learned where there are classes.

    Args:
        rows: Name of each class to how many rows it has. Their ids follow the order of numbers, or else of words.
        label: What the label is called in the records.
        column: What it is called in the data.
        why: What decided this.

    Raises:
        DataRefused: There is one class, or one has too few rows.
    """
    numbers = all(type_of(name) != "BYTES" for name in rows)
    names = tuple(sorted(rows, key=float if numbers else str))
    if len(names) < 2:
        raise DataRefused("There must be two classes at least.", received=", ".join(names) or "none")
    rare = min(names, key=lambda name: rows[name])
    if rows[rare] < LEAST_ROWS_OF_A_CLASS:
        raise DataRefused(
            f"Every class must have {LEAST_ROWS_OF_A_CLASS} rows or more.",
            received=f"{rare} with {rows[rare]}",
            fix="Join rare classes, or take them out.",
        )
    if sum(rows.values()) < LEAST_ROWS:
        raise _too_few(sum(rows.values()))
    long = max(names, key=len)
    if len(long) > _LONGEST_CLASS:
        raise DataRefused("A class must have a short name.", received=long)
    return Problem(
        kind="binary" if len(names) == 2 else "classes",
        label=label,
        column=column,
        type="INT",
        why=why,
        classes=names,
        counts=tuple(rows[name] for name in names),
    )


def _too_few(rows: int) -> DataRefused:
    return DataRefused(f"There must be {LEAST_ROWS} rows or more.", received=str(rows))


class Target(NamedTuple):
    """What blesses a model, and why.

    Args:
        metric: The metric of the Evaluator.
        baseline: What an answer that never looks at the data has.
        threshold: What a model must have.
        higher_is_better: Whether a higher value is better.
        errors: Standard errors between the two, in words.
        sentence: The baseline in words.
    """

    metric: str
    baseline: float
    threshold: float
    higher_is_better: bool
    errors: str
    sentence: str


def target(findings: Findings) -> Target:
    """Returns what a model must reach so that it is no accident.

    That is standard errors beyond what the best answer without looking has, on as many rows as evaluate it, and at most
    half of the way from there to perfect. Classes take three of them: training stops at the epoch that is best on the
    same rows. A number takes two, as what it is off by says more.
    """
    problem, rows = findings.problem, max(1, findings.eval_rows)
    if problem.kind == "value":
        baseline = problem.deviation
        threshold = baseline * max(0.5, 1 - 2 / math.sqrt(2 * rows))
        sentence = f"always the mean, {problem.mean:.4g}, is off by {baseline:.4g} (root of the mean square)"
        return Target("RootMeanSquaredError", baseline, _rounded(threshold), False, "two", sentence)
    share = max(problem.counts) / sum(problem.counts)
    likeliest = problem.classes[problem.counts.index(max(problem.counts))]
    if problem.kind == "binary":
        first, second = (max(1.0, rows * count / sum(problem.counts)) for count in problem.counts)
        error = math.sqrt((first + second + 1) / (12 * first * second))  # Of a rank sum, Mann and Whitney.
        sentence = f"always {likeliest} has an AUC of 0.5, and an accuracy of {share:.3f}"
        return Target("AUC", 0.5, _rounded(min(0.75, 0.5 + 3 * error)), True, "three", sentence)
    error = math.sqrt(share * (1 - share) / rows)
    threshold = min((1 + share) / 2, share + 3 * error)
    sentence = f"always {likeliest} has an accuracy of {share:.3f}"
    return Target("SparseCategoricalAccuracy", share, _rounded(threshold), True, "three", sentence)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
