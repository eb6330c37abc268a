"""Windows over a daily weather series as TFRecords, from the CSV inside the package `vega-datasets`.

Seattle, 2012 to 2015, 1,461 days. A record holds fourteen days in a row and, as labels, the next day's highest
temperature and weather. The split is by time: all days of a window of `train`, the labelled day too, come before all
days of a window of `eval`. Where the series has a gap there is no window.
"""

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from components.errors import DataRefused, UsageError
from pipeline import prepared
from pipeline.packaged_csv import PackagedCsv
from pipeline.tf_example import example

WINDOW = 14
NUMBERS = ("precipitation", "temp_max", "temp_min", "wind")
KINDS = ("sun", "fog", "rain", "drizzle", "snow")
SEASONS = ("winter", "spring", "summer", "autumn")
TEMPERATURE, KIND = "next_temp_max", "next_weather"

CSV = PackagedCsv(
    "vega-datasets==0.9.0", "vega_datasets", "_data/seattle-weather.csv", columns=("date", *NUMBERS, "weather")
)


class Day(NamedTuple):
    """A day of the series.

    Args:
        date: The date.
        numbers: Precipitation (mm), highest and lowest temperature (degrees Celsius), wind (m/s).
        kind: One of KINDS.
    """

    date: dt.date
    numbers: tuple[float, ...]
    kind: str


def prepare(
    folder: str | Path, csv_path: str | None = None, eval_from: str = "2015-01-01", shards: int = 1
) -> dict[str, int]:
    """Writes the windows as sharded gzip TFRecords; does nothing when they are there already.

    Args:
        folder: Where to.
        csv_path: A CSV with the same columns, days in order; by default the one in the package.
        eval_from: The first day of `eval`, as year-month-day.
        shards: Files per split.

    Returns:
        Rows per split.

    Raises:
        UsageError: An argument is out of range, the package is not installed, or the CSV does not exist or lacks a
            column.
        DataRefused: A value in the CSV is not what its column says, or the days are not in order.
        ComponentFailed: The disk is full.
    """
    prepared.check_counts(shards=shards)
    border, path = _border(eval_from), CSV.find(csv_path)
    return prepared.write_once(
        folder,
        lambda: ((split, example(features)) for split, features in windows(read(path), border)),
        shards={"train": shards, "eval": shards},
        key={"csv": prepared.file_digest(path), "code": prepared.file_digest(__file__), "eval_from": eval_from},
    )


def read(path: Path) -> Iterator[Day]:
    """Yields the days of a CSV.

    Raises:
        UsageError: A column is missing.
        DataRefused: A value is not what its column says, or a day does not come after the one before it.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        try:
            missing = [name for name in CSV.columns if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError("The CSV of days must have every column.", received=f"{path} without {missing[0]}")
            last = dt.date.min
            for row in reader:
                day = _day(row, f"{path} line {reader.line_num}")
                if day.date <= last:
                    raise DataRefused("Days must be in order.", received=f"{day.date} after {last} in {path}")
                last = day.date
                yield day
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataRefused("The CSV of days must be UTF-8 text.", received=f"{path}: {error}") from None


def windows(days: Iterator[Day], eval_from: dt.date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields (split, features and labels) for every window of days that follow one another and lie on one side.

    Args:
        days: The series.
        eval_from: The first day of the other side.
    """
    window: list[Day] = []
    for day in days:
        if window and day.date - window[-1].date != dt.timedelta(days=1):
            window = []
        if day.date == eval_from:
            window = []
        if len(window) == WINDOW:
            yield ("train" if day.date < eval_from else "eval"), _features(window, day)
            window = window[1:]
        window.append(day)


def _features(window: list[Day], following: Day) -> dict[str, Any]:
    return {
        **{name: [day.numbers[column] for day in window] for column, name in enumerate(NUMBERS)},
        "weather": [day.kind for day in window],
        "day_of_year": following.date.timetuple().tm_yday,
        "season": SEASONS[following.date.month % 12 // 3],
        "date": following.date.isoformat(),
        TEMPERATURE: following.numbers[NUMBERS.index("temp_max")],
        KIND: KINDS.index(following.kind),
    }


def _day(row: dict[str, str], where: str) -> Day:
    try:
        date = dt.date.fromisoformat(row["date"].replace("/", "-"))
        numbers = tuple(float(row[name]) for name in NUMBERS)
    except (TypeError, ValueError) as error:
        raise DataRefused("A day has a date and four numbers.", received=f"{error} in {where}") from None
    if row["weather"] not in KINDS:
        raise DataRefused(f"`weather` must be one of {', '.join(KINDS)}.", received=f"{row['weather']!r} in {where}")
    return Day(date, numbers, row["weather"])


def _border(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except (TypeError, ValueError):
        raise UsageError("`eval_from` must be a date, year-month-day.", received=f"eval_from={text!r}") from None
