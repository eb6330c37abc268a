"""The records that a task will be trained on, as far as the schema is inferred from them."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline import class_folders, csv_table, data_source, sound_files, tfrecords
from pipeline.config import DataConfig
from pipeline.csv_table import CsvTable, Row
from pipeline.new.findings import Findings
from pipeline.tf_example import example

_READ = {"INT": int, "FLOAT": float, "BYTES": str}


def records(findings: Findings) -> Iterator[bytes]:
    """Yields serialized tf.train.Examples as the task's `prepare` will write them, or as they are."""
    return {"csv": _of_csv, "tfrecords": _of_tfrecords, "images": _of_files, "audio": _of_files}[findings.source.kind](
        findings
    )


def _of_csv(findings: Findings) -> Iterator[bytes]:
    problem = findings.problem
    table = CsvTable(csv_table.find(findings.source.path), findings.source.delimiter)
    columns = [problem.column, *(feature.column for feature in findings.features)]
    for _, row in table.rows(columns, broken=[]):
        if row[problem.column] is not None:
            yield example(_row(findings, row))


def _row(findings: Findings, row: Row) -> dict[str, Any]:
    problem = findings.problem
    values: dict[str, Any] = {
        feature.name: None if (text := row[feature.column]) is None else _READ[feature.type](text)
        for feature in findings.features
    }
    label = str(row[problem.column])
    if problem.kind == "value":
        return {**values, problem.label: float(label)}
    return {**values, problem.label: problem.classes.index(label), "class_name": label if problem.named else None}


def _of_tfrecords(findings: Findings) -> Iterator[bytes]:
    defaults = DataConfig()
    source = data_source.find(findings.source.path, defaults.splits, defaults.eval_share)
    return chain.from_iterable(tfrecords.records(path) for path in source.paths())


def _of_files(findings: Findings) -> Iterator[bytes]:
    problem, kind = findings.problem, findings.source.kind
    suffixes = class_folders.IMAGES if kind == "images" else class_folders.AUDIO
    files = class_folders.find(findings.source.path, suffixes, problem.classes)

    def read(path: Path) -> bytes:
        return path.read_bytes() if kind == "images" else sound_files.as_wav(path, findings.seconds)

    for file, content in class_folders.readable(files, read, broken=[]):
        name = "image" if kind == "images" else "wav"
        label = problem.classes.index(file.class_name)
        yield example({name: content, problem.label: label, "class_name": file.class_name})
