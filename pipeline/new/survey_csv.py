"""Looks through a CSV, or the parts of one in a folder: every row is read."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from components.errors import DataRefused
from pipeline import csv_table
from pipeline.csv_table import CsvTable
from pipeline.new import problem, roles
from pipeline.new.column import Column, type_of
from pipeline.new.findings import Findings, Source
from pipeline.new.giveaway import Giveaways


def survey(source: Source, name: str, label: str | None, leave_out: Collection[str]) -> Findings:
    """Returns what is in a CSV.

    Args:
        source: The CSV or the folder.
        name: The task's name.
        label: The label's column; None takes one that is called like a label.
        leave_out: Columns to do without.

    Raises:
        UsageError: A column does not exist, or no label is known.
        DataRefused: The table cannot be read, its parts differ, or nothing can be learned from it.
    """
    files = csv_table.find(source.path)
    table = CsvTable(files, source.delimiter)
    header = _header(table, files)
    names = roles.feature_names(header)
    chosen = problem.label_of(filter(None, header), label)
    roles.check_left_out(leave_out, header, chosen)
    broken: list[str] = []
    giveaways = Giveaways(chosen)
    columns = _read(files, source.delimiter, [column for column in header if column], broken, giveaways)
    found = problem.of_column(columns[chosen], names[chosen])
    others = [column for key, column in columns.items() if key != chosen and key not in leave_out]
    features, left_out = roles.choose(others, names)
    used = {feature.column for feature in features}
    left_out |= dict.fromkeys(leave_out, "as asked for")
    roles.check_features(features, left_out)
    rows = columns[chosen].present
    return Findings(
        name=name,
        source=source,
        problem=found,
        rows=rows,
        eval_rows=round(problem.EVAL_SHARE * rows),
        features=features,
        left_out=left_out | ({"(no name)": "an index"} if "" in header else {}),
        notes=(*_notes(columns, chosen, used, broken), *(giveaways.notes(used) if found.classes else ())),
    )


def _header(table: CsvTable, files: Sequence[Path]) -> list[str]:
    """Returns the names of the columns, which all files have in the same order."""
    first = table.header(files[0])
    for file in files[1:]:
        other = table.header(file)
        if other != first:
            differing = sorted(set(first) ^ set(other)) or ["the order of the columns"]
            received = f"{files[0].name} and {file.name}, which differ in {', '.join(differing)}"
            raise DataRefused("The parts of a table must have the same columns.", received=received)
    numbers = [name for name in first if type_of(name) != "BYTES"]
    if numbers:
        raise DataRefused(
            "The first line of a CSV must name its columns.",
            received=f"{files[0].name}, where one is called {numbers[0]}",
            fix="Put a line with names before it.",
        )
    double = next((name for name in first if first.count(name) > 1 or (not name and name != first[0])), None)
    if double is not None:
        received = f"{files[0].name} with {double!r} twice" if double else f"{files[0].name} with a column without one"
        raise DataRefused("Every column must have a name of its own.", received=received)
    return first


def _read(
    files: Sequence[Path], delimiter: str, names: Sequence[str], broken: list[str], giveaways: Giveaways
) -> dict[str, Column]:
    columns = {name: Column(name) for name in names}
    numeric: dict[str, tuple[bool, Path]] = {}
    for file in files:
        before = {name: (column.types["BYTES"], column.present) for name, column in columns.items()}
        for _, row in CsvTable([file], delimiter).rows(names, broken):
            giveaways.add(row)
            for name, column in columns.items():
                column.add(row[name])
        for name, column in columns.items():
            texts, present = column.types["BYTES"] - before[name][0], column.present - before[name][1]
            if present:
                _check_part(name, texts == 0, file, numeric)
    if not any(column.rows for column in columns.values()):
        raise DataRefused("A CSV must have rows.", received=str(files[0]))
    return columns


def _check_part(name: str, is_numeric: bool, file: Path, numeric: dict[str, tuple[bool, Path]]) -> None:
    """Refuses a file in which a column holds numbers alone where another one has text, or the other way round."""
    first, where = numeric.setdefault(name, (is_numeric, file))
    if first != is_numeric:
        numbers, texts = (where, file) if first else (file, where)
        received = f"`{name}`, numbers in {numbers.name} and text in {texts.name}"
        raise DataRefused("A column must have the same type in all parts of a table.", received=received)


def _notes(columns: dict[str, Column], label: str, used: Collection[str], broken: Sequence[str]) -> Iterable[str]:
    if broken:
        yield f"{len(broken):,} rows cannot be read and are left out: {', '.join(broken[:3])}"
    if columns[label].missing:
        yield f"{columns[label].missing:,} rows without `{label}` are left out"
    for name, column in columns.items():
        if name in used and column.type == "BYTES" and column.types["BYTES"] < 0.1 * column.present:
            yield f"`{name}` is taken for words: most of it are numbers, but not {column.first_text!r}"
