"""Which columns a model learns from, and what is made of each."""

import re
from collections.abc import Collection, Container, Iterable, Mapping

from components.errors import DataRefused, UsageError, did_you_mean
from pipeline.new.column import Column
from pipeline.new.findings import Feature, Role

# What Keras, Transform and the generated code call something else.
RESERVED = frozenset({"numbers", "categories", "class_name"})

_MOST_MISSING = 0.9
_WORDS_OF_A_TEXT = 3.0
_DISTINCT_OF_A_TEXT = 30
_DISTINCT_SHARE_OF_AN_ID = 0.9
_ID = re.compile(r"(.*[_\W])?(id|index|key|uuid|guid)", re.IGNORECASE)


def choose(columns: Iterable[Column], names: dict[str, str]) -> tuple[tuple[Feature, ...], dict[str, str]]:
    """Returns the features, and the columns that are left out with the reason for each.

    Args:
        columns: All but the label.
        names: Column to the name of its feature.
    """
    features, left_out = [], {}
    for column in columns:
        reason = why_left_out(column)
        if reason:
            left_out[column.name] = reason
        else:
            features.append(_feature(column, names[column.name]))
    return tuple(features), left_out


def check_left_out(leave_out: Iterable[str], columns: Iterable[str], label: str) -> None:
    """Raises a UsageError unless what a person wants to leave out is there and not the label."""
    others = set(columns) - {label}
    for name in leave_out:
        if name not in others:
            rule = "What is left out must be a column other than the label."
            raise UsageError(rule, received=f"--leave-out {name}", fix=did_you_mean(name, others))


def check_features(features: Collection[Feature], left_out: Mapping[str, str]) -> None:
    """Raises a DataRefused that says why no column is left, where none is."""
    if not features:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise DataRefused("There must be a column to learn from.", received=reasons or "the label alone")


def why_left_out(column: Column) -> str | None:
    """Returns why nothing can be learned from a column, or None."""
    if column.missing > _MOST_MISSING * column.rows:
        return f"missing in {column.missing:,} of {column.rows:,} rows"
    if column.distinct == 1:
        return "always the same"
    if column.type == "BYTES" and column.dates > 0.9 * column.present:
        return "a date: put what matters of it, such as the month, into a column of its own"
    if _is_id(column):
        return "an id: nearly every row has one of its own"
    return None


def _is_id(column: Column) -> bool:
    unique = column.overflowed or column.distinct >= _DISTINCT_SHARE_OF_AN_ID * column.present
    if column.type == "INT":
        every = column.overflowed or column.distinct == column.rows
        return every and (column.counts_up or _ID.fullmatch(column.name) is not None)
    return column.type == "BYTES" and unique and not _is_text(column)


def _is_text(column: Column) -> bool:
    long = column.words >= _WORDS_OF_A_TEXT * max(1, column.types["BYTES"])
    return column.type == "BYTES" and long and column.distinct >= _DISTINCT_OF_A_TEXT


def _feature(column: Column, name: str) -> Feature:
    role: Role = "text" if _is_text(column) else "category" if column.type == "BYTES" else "number"
    numeric = role == "number"
    return Feature(
        name=name,
        column=column.name,
        type="BYTES" if column.type == "BYTES" else "INT" if column.type == "INT" else "FLOAT",
        role=role,
        present=column.present / column.rows,
        minimum=column.minimum if numeric else None,
        maximum=column.maximum if numeric else None,
    )


def feature_names(columns: Iterable[str]) -> dict[str, str]:
    """Returns a name for the feature of each column: letters, digits and `_`, none twice.

    Example:
        >>> feature_names(["Sepal length (cm)", "sepal_length_cm", "2nd"])
        {'Sepal length (cm)': 'sepal_length_cm', 'sepal_length_cm': 'sepal_length_cm_2', '2nd': 'x2nd'}
    """
    names: dict[str, str] = {}
    for column in columns:
        names[column] = _unused(_identifier(column), {*RESERVED, *names.values()})
    return names


def _identifier(column: str) -> str:
    name = re.sub(r"[^0-9a-z]+", "_", column.lower()).strip("_") or "column"
    return f"x{name}" if name[0].isdigit() else name


def _unused(name: str, taken: Container[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
