import csv
import inspect
from pathlib import Path

import pytest
import tensorflow as tf

from components.errors import DataRefused, UsageError
from pipeline import tasks, tfrecords
from pipeline.tasks.taxi import data
from pipeline.tasks.taxi.data import prepare

TRIP = {
    "pickup_community_area": "8",
    "fare": "10.0",
    "trip_start_month": "5",
    "trip_start_hour": "19",
    "trip_start_day": "6",
    "trip_start_timestamp": "1400269500",
    "pickup_latitude": "41.9",
    "pickup_longitude": "-87.6",
    "dropoff_latitude": "",
    "dropoff_longitude": "",
    "trip_miles": "1",
    "pickup_census_tract": "",
    "dropoff_census_tract": "",
    "payment_type": "Credit Card",
    "company": "",
    "trip_seconds": "300",
    "dropoff_community_area": "",
    "tips": "2.5",
}


def _csv(path: Path, *trips: dict[str, str]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, TRIP)
        writer.writeheader()
        writer.writerows({**TRIP, **trip} for trip in trips)
    return str(path)


def _records(folder: Path, split: str = "*") -> list[bytes]:
    return [record for path in sorted(folder.glob(f"{split}-*.gz")) for record in tfrecords.records(path)]


def _values(record: bytes) -> dict[str, list]:
    features = tf.train.Example.FromString(record).features.feature
    return {name: list(getattr(value, value.WhichOneof("kind")).value) for name, value in features.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("taxi")
    assert prepare(folder) == {"train": 9985, "eval": 5017}
    return folder


def test_the_whole_csv_becomes_records(whole):
    values = [_values(record) for record in _records(whole)]
    assert len(values) == 15_002
    # Facts of the CSV, counted apart from this code with pandas.
    assert sum(trip["big_tip"][0] for trip in values) == 3374
    assert sum("company" not in trip for trip in values) == 5140
    assert sum("trip_seconds" not in trip for trip in values) == 6
    names = {name for trip in values for name in trip}
    assert names == {*data.INTEGERS, *data.FLOATS, *data.STRINGS, "big_tip"}


def test_a_row_keeps_its_values(tmp_path):
    prepare(tmp_path / "out", csv_path=_csv(tmp_path / "trips.csv", {"company": "Güte Fahrt"}))
    [record] = _records(tmp_path / "out")
    values = _values(record)
    assert values == {
        "pickup_community_area": [8],
        "fare": [10.0],
        "trip_start_month": [5],
        "trip_start_hour": [19],
        "trip_start_day": [6],
        "trip_start_timestamp": [1400269500],
        "pickup_latitude": [pytest.approx(41.9, abs=1e-5)],  # float32
        "pickup_longitude": [pytest.approx(-87.6, abs=1e-5)],
        "trip_miles": [1.0],
        "payment_type": [b"Credit Card"],
        "company": ["Güte Fahrt".encode()],
        "trip_seconds": [300],
        "big_tip": [1],
    }


@pytest.mark.parametrize(
    ("fare", "tips", "label"),
    [("10", "2.0", [0]), ("10", "2.01", [1]), ("0", "0", [0]), ("0", "1", [1]), ("", "1", None)],
)
def test_a_big_tip_is_over_a_fifth_of_the_fare(tmp_path, fare, tips, label):
    prepare(tmp_path / "out", csv_path=_csv(tmp_path / "trips.csv", {"fare": fare, "tips": tips}))
    [record] = _records(tmp_path / "out")
    assert _values(record).get("big_tip") == label


def test_the_split_of_a_row_depends_on_the_row_alone(whole, tmp_path):
    prepare(tmp_path, rows=900, shards=5, seed=3)
    for split in ("train", "eval"):
        assert set(_records(tmp_path, split)) <= set(_records(whole, split))


def test_a_sample_has_its_size_and_is_seeded(tmp_path):
    samples = []
    for number, (rows, seed) in enumerate([(300, 0), (300, 0), (300, 1), (100, 0)]):
        counts = prepare(tmp_path / str(number), rows=rows, seed=seed)
        assert sum(counts.values()) == rows
        samples.append(set(_records(tmp_path / str(number))))
    first, again, other, smaller = samples
    assert first == again
    assert len(first & other) < 50
    assert smaller < first


def test_more_rows_than_there_are_is_all_of_them(tmp_path):
    path = _csv(tmp_path / "trips.csv", {}, {"fare": "11"}, {"fare": "12"})
    assert sum(prepare(tmp_path / "out", csv_path=path, rows=99).values()) == 3


def test_equal_rows_do_not_exceed_the_sample(tmp_path):
    path = _csv(tmp_path / "trips.csv", *[{}] * 5)
    assert sum(prepare(tmp_path / "out", csv_path=path, rows=3).values()) == 3


def test_the_csv_is_streamed(tmp_path, monkeypatch):
    """No row is read before the one before it has been handed on."""
    path = Path(_csv(tmp_path / "trips.csv", *[{"fare": str(fare)} for fare in range(50)]))
    read = []
    original = data._features
    monkeypatch.setattr(data, "_features", lambda row, where: read.append(where) or original(row, where))
    examples = data._examples(path, None, 0)
    next(examples)
    assert len(read) == 1


def test_a_changed_csv_is_prepared_again(tmp_path):
    prepare(tmp_path / "out", csv_path=_csv(tmp_path / "trips.csv", {}))
    assert sum(prepare(tmp_path / "out", csv_path=_csv(tmp_path / "trips.csv", {}, {"fare": "9"})).values()) == 2


@pytest.mark.parametrize("argument", [{"rows": 0}, {"rows": "many"}, {"shards": 0}, {"shards": True}])
def test_an_argument_out_of_range_is_bad_usage(tmp_path, argument):
    with pytest.raises(UsageError, match=f"`{next(iter(argument))}` must be a whole number of at least 1"):
        prepare(tmp_path, **argument)


def test_a_csv_that_does_not_exist_is_bad_usage(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.csv\. Set data\.params\.csv_path"):
        prepare(tmp_path, csv_path="nowhere.csv")


def test_a_csv_without_a_column_is_bad_usage(tmp_path):
    (tmp_path / "trips.csv").write_text("fare,tips\n1,2\n")
    with pytest.raises(UsageError, match=r"trips.csv without company"):
        prepare(tmp_path / "out", csv_path=str(tmp_path / "trips.csv"))
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fare": "ten"}, "`fare` must be a number. Received: 'ten' in "),
        ({"trip_seconds": "1.5"}, "`trip_seconds` must be a whole number. Received: '1.5' in "),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_line(tmp_path, values, message):
    path = _csv(tmp_path / "trips.csv", {}, values)
    with pytest.raises(DataRefused) as caught:
        prepare(tmp_path / "out", csv_path=path)
    assert message in str(caught.value)
    assert "trips.csv line 3" in str(caught.value)


def test_a_csv_that_is_not_text_is_refused(tmp_path):
    path = Path(_csv(tmp_path / "trips.csv", {}))
    path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(DataRefused, match="UTF-8"):
        prepare(tmp_path / "out", csv_path=str(path))


def test_the_task_names_every_parameter():
    parameters = set(inspect.signature(prepare).parameters) - {"folder"}
    assert set(tasks.load("taxi").data.params) == parameters
