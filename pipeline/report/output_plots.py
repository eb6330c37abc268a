"""What a model is right and wrong about, as charts and tables."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from components.evaluator.plots import Bucket, OutputPlots
from pipeline.report.charts import BarChart, HeatMap, heat_map, histogram, number_text
from pipeline.report.unit_chart import UnitChart, unit_chart

CLASSES = 30

_THRESHOLDS = (0.1, 0.25, 0.5, 0.75, 0.9)
_TENTHS = 10
_CONFUSIONS = 20


@dataclass(frozen=True)
class Table:
    """A table: its title, its columns, and its rows in words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Drawn:
    """One output.

    Args:
        output: Its name; empty where the model has one.
        matrix: The confusion matrix.
        bars: The errors of a number.
        curves: Of a probability: how well it separates, and whether it is what it says.
        tables: What else there is to say.
        note: What is left out.
    """

    output: str
    matrix: HeatMap | None = None
    bars: BarChart | None = None
    curves: tuple[UnitChart, ...] = ()
    tables: tuple[Table, ...] = ()
    note: str = ""


def drawn(plots: OutputPlots, classes: Sequence[str]) -> Drawn:
    """Returns an output as charts and tables.

    Args:
        plots: What the Evaluator has found.
        classes: The names of the classes, as far as they are known.
    """
    plots = replace(plots, buckets=_usable(plots.buckets), errors=_usable(plots.errors))
    note = f"{number_text(plots.left_out)} examples without a finite prediction are left out." if plots.left_out else ""
    if plots.kind == "classes":
        return _classes(plots, classes)
    if not plots.buckets:
        return Drawn(plots.output, note=note or "Nothing was counted: an output of one number per example is.")
    return _probability(plots, classes, note) if plots.kind == "probability" else _number(plots, note)


def _usable(buckets: Sequence[Bucket]) -> tuple[Bucket, ...]:
    """Returns the buckets without those of a file that somebody else has written, and wrongly."""
    return tuple(one for one in buckets if one.examples > 0 and all(map(math.isfinite, vars(one).values())))


def _classes(plots: OutputPlots, classes: Sequence[str]) -> Drawn:
    known = sorted({number for one in plots.confusions for number in (one.actual, one.predicted)})
    wrong = [one for one in plots.confusions if one.actual != one.predicted][:_CONFUSIONS]
    rows = tuple(
        (_name(one.actual, classes), _name(one.predicted, classes), number_text(one.examples)) for one in wrong
    )
    tables = (Table("Taken for another most often", ("Label", "Prediction", "Examples"), rows),) if rows else ()
    if len(known) > CLASSES:
        return Drawn(plots.output, tables=tables, note=f"A matrix of {len(known)} classes is too large to be drawn.")
    if not known:
        return Drawn(plots.output, note="No example was counted.")
    counts = {(one.actual, one.predicted): one.examples for one in plots.confusions}
    names = [_name(number, classes) for number in known]
    values = [[counts.get((actual, predicted), 0.0) for predicted in known] for actual in known]
    return Drawn(
        plots.output, heat_map("Confusion matrix, examples", names, names, values, "Label", "Prediction"), tables=tables
    )


def _name(number: int, classes: Sequence[str]) -> str:
    if number < 0:
        return "(none)"
    return classes[number] if number < len(classes) else str(number)


def _probability(plots: OutputPlots, classes: Sequence[str], note: str) -> Drawn:
    names = [_name(1, classes), _name(0, classes)] if len(classes) == 2 else ["1", "0"]
    true, false, missed, right = _counts(plots.buckets, 0.5)
    matrix = heat_map(
        "Confusion matrix at 0.5, examples", names, names, [[true, missed], [false, right]], "Label", "Prediction"
    )
    rows = tuple(_at(plots.buckets, threshold) for threshold in _THRESHOLDS)
    columns = ("Threshold", "Precision", "Recall", "False positive rate", "Predicted 1")
    curves = (_roc(plots.buckets), _calibration(plots.buckets))
    return Drawn(plots.output, matrix, curves=curves, tables=(Table("By threshold", columns, rows),), note=note)


def _counts(buckets: Sequence[Bucket], threshold: float) -> tuple[float, float, float, float]:
    """Returns true and false positives, false and true negatives; buckets are as wide as hundredths."""
    above = [bucket for bucket in buckets if bucket.lower > threshold - 1e-6]
    true = sum(bucket.examples * bucket.label for bucket in above)
    false = sum(bucket.examples for bucket in above) - true
    positives = sum(bucket.examples * bucket.label for bucket in buckets)
    missed, right = positives - true, sum(bucket.examples for bucket in buckets) - positives - false
    return (*(max(0.0, round(count, 3)) for count in (true, false, missed, right)),)  # type: ignore[return-value]


def _at(buckets: Sequence[Bucket], threshold: float) -> tuple[str, ...]:
    true, false, missed, right = _counts(buckets, threshold)
    shares = (_share(true, true + false), _share(true, true + missed), _share(false, false + right))
    return (f"{threshold:g}", *map(number_text, shares), number_text(true + false))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _roc(buckets: Sequence[Bucket]) -> UnitChart:
    points = [(0.0, 0.0)]
    for bucket in reversed(buckets):
        true, false, missed, right = _counts(buckets, bucket.lower)
        points.append((_share(false, false + right) or 0.0, _share(true, true + missed) or 0.0))
    return unit_chart("ROC curve", "false positive rate", "true positive rate", points)


def _calibration(buckets: Sequence[Bucket]) -> UnitChart:
    tenths: dict[int, list[Bucket]] = {}
    for bucket in buckets:
        tenths.setdefault(min(_TENTHS - 1, max(0, int(bucket.prediction * _TENTHS))), []).append(bucket)
    points = [(_mean(of, "prediction"), _mean(of, "label")) for _, of in sorted(tenths.items())]
    return unit_chart("Calibration", "mean prediction", "share with label 1", points)


def _mean(buckets: Sequence[Bucket], name: str) -> float:
    weights = sum(bucket.examples for bucket in buckets)
    return min(1.0, max(0.0, sum(getattr(bucket, name) * bucket.examples for bucket in buckets) / weights))


def _number(plots: OutputPlots, note: str) -> Drawn:
    rows = tuple(
        (
            f"{number_text(bucket.lower)} to {number_text(bucket.upper)}",
            number_text(bucket.examples),
            number_text(bucket.prediction),
            number_text(bucket.label),
            number_text(bucket.prediction - bucket.label),
        )
        for bucket in plots.buckets
    )
    columns = ("Prediction", "Examples", "Mean prediction", "Mean label", "Mean error")
    return Drawn(plots.output, bars=_errors(plots.errors), tables=(Table("By prediction", columns, rows),), note=note)


def _errors(errors: Sequence[Bucket]) -> BarChart | None:
    if not errors:
        return None
    width = errors[0].upper - errors[0].lower
    last = round((errors[-1].lower - errors[0].lower) / width) if width > 0 else -1
    if not 0 <= last < 1000:
        return None
    counts = [0.0] * (last + 1)
    for bucket in errors:
        counts[round((bucket.lower - errors[0].lower) / width)] += bucket.examples
    edges = [errors[0].lower + number * width for number in range(last + 2)]
    return histogram("Errors, prediction minus label", edges, {"examples": counts})
