"""From what TFMA has computed and found to the rows of the verdict."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import tensorflow_model_analysis as tfma

from components.evaluator.config import EvaluationConfig, Threshold
from components.evaluator.eval_config import COUNT, metric_class
from components.evaluator.verdict import Row


class _Place(NamedTuple):
    """Where a value belongs; `where` is the slice in words, "" for the whole split."""

    where: str
    output: str
    metric: str


@dataclass
class _Found:
    """What TFMA has left in a folder: values of the model and of the baseline, and what missed its threshold."""

    values: dict[_Place, float] = field(default_factory=dict)
    baseline: dict[_Place, float] = field(default_factory=dict)
    out_of_bounds: set[_Place] = field(default_factory=set)
    not_better: set[_Place] = field(default_factory=set)
    missing_slices: list[tuple[str, ...]] = field(default_factory=list)


def judge(evaluation_uri: str, config: EvaluationConfig) -> tuple[Row, ...]:
    """Returns a row per metric and slice; TFMA has compared the values with the thresholds.

    Args:
        evaluation_uri: The folder that TFMA has written.
        config: What it was asked for.

    Returns:
        The whole split first, outputs and metrics in the order of the configuration. What is demanded and was not
        computed has a row too, which has not passed.
    """
    found = _read(evaluation_uri)
    names = {
        (output, metric_class(name)().name): name
        for output, target in config.targets.items()
        for name in target.metrics
    }
    order = list(names)
    known = sorted(
        (place for place in _demanded(names, config) | found.values.keys() if place[1:] in names),
        key=lambda place: (place.where, order.index(place[1:])),
    )
    return (
        *(_row(names[place[1:]], place, found, config) for place in known),
        *_missing(found, config),
    )


def _demanded(names: dict[tuple[str, str], str], config: EvaluationConfig) -> set[_Place]:
    return {
        _Place("", output, metric)
        for (output, metric), name in names.items()
        if name in config.targets[output].thresholds
    }


def _row(name: str, place: _Place, found: _Found, config: EvaluationConfig) -> Row:
    target = config.targets[place.output]
    demanded = (target.slice_thresholds if place.where else target.thresholds).get(name, Threshold())
    value, baseline = found.values.get(place), found.baseline.get(place)
    examples = found.values.get(_Place(place.where, place.output, metric_class(COUNT)().name))
    row = Row(
        metric=_title(place.output, name),
        slice=place.where,
        value=_finite(value),
        lower=demanded.lower,
        upper=demanded.upper,
        min_change=demanded.min_improvement,
        higher_is_better=demanded.higher_is_better,
        baseline=_finite(baseline),
        change=None if value is None or baseline is None else _finite(value - baseline),
        examples=None if examples is None else int(examples),
    )
    passed, note = _judged(row, value, baseline, place, found, config)
    return Row(**{**vars(row), "passed": passed, "note": note})


def _judged(
    row: Row, value: float | None, baseline: float | None, place: _Place, found: _Found, config: EvaluationConfig
) -> tuple[bool | None, str]:
    """Returns whether a row passes, and what is to be said about it."""
    told = "not computed" if value is None else "" if row.value is not None else f"{value:g}".replace("nan", "NaN")
    if not row.demands:
        return None, told
    if row.slice and row.examples is not None and row.examples < config.min_slice_examples:
        return None, f"too few examples, {row.examples} of {config.min_slice_examples}"
    if row.value is None:
        return False, told
    bounded = (row.lower, row.upper) != (None, None)
    if place in found.out_of_bounds:
        return False, ""
    if row.min_change is None:
        return True, ""
    if row.baseline is None:
        why = "no baseline" if baseline is None else f"the baseline's value is {baseline:g}"
        return (True if bounded else None), why
    return place not in found.not_better, ""


def _missing(found: _Found, config: EvaluationConfig) -> Iterator[Row]:
    """Yields the demands on slices of which TFMA has seen none."""
    for output, target in config.targets.items():
        for name, threshold in target.slice_thresholds.items():
            for keys in found.missing_slices:
                yield Row(
                    metric=_title(output, name),
                    slice=", ".join(keys),
                    lower=threshold.lower,
                    upper=threshold.upper,
                    min_change=threshold.min_improvement,
                    higher_is_better=threshold.higher_is_better,
                    passed=False,
                    note="no example has it",
                )


def _title(output: str, name: str) -> str:
    return f"{output}/{name}" if output else name


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _read(evaluation_uri: str) -> _Found:
    found = _Found()
    for message in tfma.load_metrics(evaluation_uri):
        for item in message.metric_keys_and_values:
            if item.key.is_diff or not item.value.HasField("double_value"):
                continue
            values = found.baseline if item.key.model_name == tfma.BASELINE_KEY else found.values
            values[_place(message.slice_key, item.key)] = item.value.double_value.value
    result = tfma.load_validation_result(evaluation_uri)
    if result is None:
        return found
    for per_slice in result.metric_validations_per_slice:
        for failure in per_slice.failures:
            missed = found.not_better if failure.metric_key.is_diff else found.out_of_bounds
            missed.add(_place(per_slice.slice_key, failure.metric_key))
    found.missing_slices = [tuple(spec.feature_keys) for spec in result.missing_slices if spec.feature_keys]
    return found


def _place(slice_key: Any, metric_key: Any) -> _Place:
    return _Place(_words(slice_key), metric_key.output_name, metric_key.name)


def _words(slice_key: Any) -> str:
    """Returns a slice as `feature=value`, several joined by commas."""
    pairs = []
    for single in slice_key.single_slice_keys:
        value = getattr(single, single.WhichOneof("kind"))
        pairs.append(f"{single.column}={value.decode(errors='replace') if isinstance(value, bytes) else value}")
    return ", ".join(pairs)
