"""Reading a CSV, or a folder of them that are parts of one table, row by row. No TensorFlow here."""

import csv
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from components import progress
from components.errors import DataRefused, UsageError

MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?"})
"""What stands for a value that is not there, once spaces around it are gone."""
BROKEN_SHARE = 0.05
"""Up to this share, rows that cannot be read are named and left out; more of them are refused."""

_SUFFIXES = (".csv", ".tsv")

Row = dict[str, str | None]

_log = logging.getLogger(__name__)


def find(path: str | Path) -> tuple[Path, ...]:
    """Returns the files of a table: the file itself, or those of a folder that end with .csv or .tsv, by name.

    Raises:
        UsageError: There is none.
    """
    path = Path(path).expanduser()
    files = (path,) if path.is_file() else tuple(sorted(file for file in path.glob("*") if is_csv(file)))
    if not files:
        raise UsageError("The CSV of a task's data must exist.", received=str(path), fix="Set data.params.csv_path.")
    return files


def is_csv(path: Path) -> bool:
    """Says whether a file is a CSV by its name."""
    return path.suffix.lower() in _SUFFIXES and path.is_file()


@dataclass(frozen=True)
class CsvTable:
    """A table in one CSV or several.

    Args:
        files: The CSVs, UTF-8, the first line of each with the names of its columns.
        delimiter: What stands between two values.
    """

    files: Sequence[Path]
    delimiter: str = ","

    def header(self, file: Path) -> list[str]:
        """Returns the names of a file's columns.

        Raises:
            DataRefused: The file is empty or not text.
        """
        return next(self._lines(file))[1]

    def rows(self, columns: Sequence[str], broken: list[str] | None = None) -> Iterator[tuple[str, Row]]:
        """Yields (where it is, column to value) for each row that can be read; None is a value that is missing.

        A row with more or fewer values than there are columns cannot be read.

        Args:
            columns: What is taken.
            broken: Is filled with a line about each row that cannot be read.

        Raises:
            UsageError: A file lacks a column.
            DataRefused: A file is not text, or more than a twentieth of all rows cannot be read.
        """
        broken = [] if broken is None else broken
        count, earlier = 0, len(broken)
        for file in self.files:
            lines = self._lines(file)
            header = next(lines)[1]
            places = [(name, _place(name, header, file)) for name in columns]
            for number, values in lines:
                count += 1
                if len(values) != len(header):
                    broken.append(f"{file} line {number} with {len(values)} of {len(header)} values")
                    continue
                yield f"{file} line {number}", {name: _value(values[place]) for name, place in places}
        if broken[earlier:]:
            _report(broken[earlier:], count)

    def _lines(self, file: Path) -> Iterator[tuple[int, list[str]]]:
        """Yields (number, values) of each line that is not blank; the first one has the names."""
        csv.field_size_limit(sys.maxsize)
        try:
            with file.open(newline="", encoding="utf-8-sig") as stream:
                reader = csv.reader(stream, delimiter=self.delimiter)
                first = next(reader, None)
                if first is None:
                    raise DataRefused("A CSV must not be empty.", received=str(file))
                yield 1, [name.strip() for name in first]
                for values in reader:
                    if values:
                        yield reader.line_num, values
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataRefused("A CSV must be UTF-8 text.", received=f"{file}: {error}") from None
        except OSError as error:
            raise DataRefused("Every file must be readable.", received=f"{file}: {error.strerror}") from None


def _place(name: str, header: list[str], file: Path) -> int:
    if name not in header:
        raise UsageError("The CSV must have every column.", received=f"{file} without {name}")
    return header.index(name)


def _value(text: str) -> str | None:
    text = text.strip()
    return None if text in MISSING else text


def _report(broken: Sequence[str], rows: int) -> None:
    message = f"{len(broken):,} of {rows:,} rows cannot be read, the first one is {broken[0]}"
    if len(broken) > BROKEN_SHARE * rows:
        raise DataRefused(
            f"At most {BROKEN_SHARE:.0%} of the rows may be unreadable.",
            received=message,
            fix="A row has as many values as the first line has names.",
        )
    _log.info("%s", message)
    progress.emit("notice", message=f"{message}: left out.")
