"""Looks through a folder of TFRecords: every record is read."""

import dataclasses
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf
from google.protobuf.message import DecodeError

from components.errors import DataRefused
from pipeline import data_source, tfrecords
from pipeline.config import DataConfig
from pipeline.new import problem, roles
from pipeline.new.column import Column
from pipeline.new.findings import Feature, Findings, Problem, Source

_TYPES: Mapping[str, Any] = {"int64_list": "INT", "float_list": "FLOAT", "bytes_list": "BYTES"}
_WIDEST = 1024
_TELLING_ROWS, _NEARLY_ALWAYS = 20, 0.9


class Values(Column):
    """A feature of the records.

    Args:
        name: Its name.
        declared: The type of its values.
        where: The file in which it was seen first.
    """

    def __init__(self, name: str, declared: Any, where: Path) -> None:
        super().__init__(name, declared)
        self.where = where
        self.widths: set[int] = set()
        self.is_text = self.is_complete = True

    def take(self, values: Any) -> None:
        """Takes in the values of a record."""
        self.widths.add(len(values))
        if len(values) == 1:
            self.add(self._text(values[0]))
        else:
            self.rows += 1
            self.present += 1
            if self.declared != "BYTES":
                self.is_complete = self.is_complete and not any(map(math.isnan, values))
                self.minimum = min(self.minimum, *values)
                self.maximum = max(self.maximum, *values)

    def _text(self, value: Any) -> str | None:
        if self.declared != "BYTES":
            return None if math.isnan(value) else repr(value)
        try:
            return str(value.decode()) or None
        except UnicodeDecodeError:
            self.is_text = False
            return repr(value)


def survey(source: Source, name: str, label: str | None, leave_out: Collection[str]) -> Findings:
    """Returns what is in the records; the arguments are those of `survey_csv.survey`.

    Raises:
        UsageError: A feature does not exist, or no label is known.
        DataRefused: A record cannot be read, records differ, or nothing can be learned from them.
    """
    defaults = DataConfig()
    files = data_source.find(source.path, defaults.splits, defaults.eval_share)
    features: dict[str, Values] = {}
    seen = {path: _read(path, features) for path in files.paths()}
    _check_alike(seen)
    counts = {split: sum(seen[files.folder / name].rows for name in names) for split, names in files.files.items()}
    rows = sum(counts.values())
    if not features:
        raise DataRefused("TFRecords must hold records with features.", received=source.path)
    chosen = problem.label_of(sorted(features), label)
    roles.check_left_out(leave_out, features, chosen)
    for values in features.values():
        values.rows = rows
        if values.present and values.declared == "FLOAT" and math.inf in (values.maximum, -values.minimum):
            raise DataRefused("Numbers must be finite.", received=f"`{values.name}` with an infinite one")
    found = _problem(features[chosen])
    used, left_out = _choose([features[key] for key in sorted(features) if key != chosen], leave_out)
    roles.check_features(used, left_out)
    return Findings(
        name=name,
        source=source,
        problem=found,
        rows=rows,
        eval_rows=counts.get("eval", round(defaults.eval_share * rows)),
        features=used,
        left_out=left_out,
    )


class FileContent(NamedTuple):
    """What is in a file.

    Args:
        rows: How many records.
        present: Feature to how many of them have it.
    """

    rows: int
    present: Counter[str]


def _read(path: Path, features: dict[str, Values]) -> FileContent:
    """Takes in the records of a file."""
    count, present = 0, Counter[str]()
    try:
        for record in tfrecords.records(path):
            present.update(_take(tf.train.Example.FromString(record), path, features))
            count += 1
    except tfrecords.BrokenRecord as error:
        received = f"{path}, record {error.number}: {error.reason}"
        raise DataRefused("Every record must be whole.", received=received, fix="Write the file again.") from None
    except DecodeError:
        raise DataRefused("Every record must be a tf.train.Example.", received=f"{path}, record {count}") from None
    except OSError as error:
        raise DataRefused("Every file must be readable.", received=f"{path}: {error.strerror}") from None
    return FileContent(count, present)


def _take(example: Any, path: Path, features: dict[str, Values]) -> Iterator[str]:
    """Takes in a record and yields the features that it has."""
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        values = getattr(feature, kind).value if kind else ()
        if values:
            _of(name, _TYPES[kind], path, features).take(values)
            yield name


def _of(name: str, kind: Any, path: Path, features: dict[str, Values]) -> Values:
    values = features.setdefault(name, Values(name, kind, path))
    if values.declared != kind:
        raise DataRefused(
            "A feature must have the same type in all records.",
            received=f"`{name}`, {values.declared} in {values.where.name} and {kind} in {path.name}",
        )
    return values


def _check_alike(seen: Mapping[Path, FileContent]) -> None:
    """Refuses files of which one nearly always has a feature that another never has."""
    large = {path: content for path, content in seen.items() if content.rows >= _TELLING_ROWS}
    for path, content in large.items():
        for name, rows in content.present.items():
            other = next((other for other, those in large.items() if not those.present[name]), None)
            if other is not None and rows >= _NEARLY_ALWAYS * content.rows:
                where = f"in {rows:,} of {content.rows:,} records of {path.name} and in none of {other.name}"
                raise DataRefused("All files must have the same features.", received=f"`{name}`, {where}")


def _problem(label: Values) -> Problem:
    fix = "Write the records with class numbers from 0, or with a number to predict."
    if label.name in roles.RESERVED or label.widths != {1} or label.declared == "BYTES":
        received = f"{label.name}, which holds {'text' if label.declared == 'BYTES' else 'several values'}"
        raise DataRefused("The label of TFRecords must be one number in each record.", received=received, fix=fix)
    if label.missing:
        received = f"{label.name}, missing in {label.missing:,} of {label.rows:,}"
        raise DataRefused("Every record must have the label.", received=received)
    found = problem.of_column(label, label.name)
    if found.kind == "value":
        return dataclasses.replace(found, type="INT" if label.declared == "INT" else "FLOAT")
    wanted = [str(number) for number in range(len(found.classes))]
    if label.declared != "INT" or list(found.classes) != wanted:
        received = f"{label.name} with {', '.join(found.classes)}"
        raise DataRefused("The classes of TFRecords must be whole numbers from 0.", received=received, fix=fix)
    return found


def _choose(columns: list[Values], leave_out: Collection[str]) -> tuple[tuple[Feature, ...], dict[str, str]]:
    left_out: dict[str, str] = dict.fromkeys(leave_out, "as asked for")
    single: list[Column] = []
    lists: list[Feature] = []
    for column in columns:
        if column.name in left_out:
            continue
        reason = _why_unsupported(column)
        if reason:
            left_out[column.name] = reason
        elif column.widths == {1}:
            single.append(column)
        else:
            lists.append(_list_feature(column))
    features, others = roles.choose(single, {column.name: column.name for column in single})
    return (*features, *lists), left_out | others


def _list_feature(column: Values) -> Feature:
    return Feature(
        name=column.name,
        column=column.name,
        type="INT" if column.declared == "INT" else "FLOAT",
        role="number",
        minimum=column.minimum,
        maximum=column.maximum,
        width=max(column.widths),
    )


def _why_unsupported(column: Values) -> str | None:
    if not column.is_text:
        return "bytes that are no text"
    if column.widths == {1}:
        return None
    if column.declared == "BYTES":
        return "a list of texts"
    if len(column.widths) > 1 or column.missing:
        return "a list of varying length"
    if not column.is_complete:
        return "a list in which numbers are missing"
    return f"a list of over {_WIDEST:,} values" if max(column.widths) > _WIDEST else None
