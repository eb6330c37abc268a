from pathlib import Path

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from pipeline.tasks.taxi import data

ROOT = Path(__file__).resolve().parents[3]
PATH = ROOT / "schemas/taxi/schema.pbtxt"
NAMES = (*data.INTEGERS, *data.FLOATS, *data.STRINGS, data.LABEL)


@pytest.fixture(scope="module")
def schema() -> schema_pb2.Schema:
    return text_format.Parse(PATH.read_text(), schema_pb2.Schema())


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """All trips; a missing value is None."""
    path = data._find_csv(None)
    rows = [data._features(row, "") for _, row in data._read(path)]
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in NAMES})


def _lists(column: pd.Series) -> pd.Series:
    return column.map(lambda value: None if value is None else [value])


def _statistics(frame: pd.DataFrame, schema: schema_pb2.Schema):
    lists = frame.reset_index(drop=True).apply(_lists)
    return tfdv.generate_statistics_from_dataframe(lists, tfdv.StatsOptions(schema=schema), n_jobs=1)


def _anomalies(frame: pd.DataFrame, schema: schema_pb2.Schema, environment="TRAINING") -> dict[str, str]:
    anomalies = tfdv.validate_statistics(_statistics(frame, schema), schema, environment=environment)
    return {name: info.short_description for name, info in anomalies.anomaly_info.items()}


def test_every_feature_is_curated(schema):
    assert {feature.name for feature in schema.feature} == set(NAMES)
    for feature in schema.feature:
        assert feature.HasField("presence"), feature.name
        assert feature.HasField("shape") or feature.HasField("value_count"), feature.name


def test_the_trips_have_no_anomaly(frame, schema):
    assert len(frame) == 15_002
    assert _anomalies(frame, schema) == {}


def test_the_label_is_absent_when_serving(frame, schema):
    without = frame[:500].drop(columns=data.LABEL)
    assert _anomalies(without, schema, "SERVING") == {}
    assert _anomalies(without, schema) == {data.LABEL: "Column dropped"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("payment_type", "Seashells"),
        ("trip_start_hour", 24),
        ("trip_start_day", 0),
        ("trip_start_month", 13),
        ("trip_seconds", -1),
        ("pickup_community_area", 78),
        ("dropoff_community_area", 0),
        ("dropoff_census_tract", 36061000000),
        ("pickup_latitude", 40.7),
        ("dropoff_longitude", -74.0),
        ("fare", -1.0),
        ("fare", float("nan")),
        ("fare", float("inf")),
        ("trip_miles", 1e6),
        ("big_tip", 2),
    ],
)
def test_one_value_out_of_its_domain_is_an_anomaly(frame, schema, name, value):
    changed = frame[:500].copy()
    changed.at[7, name] = value
    assert list(_anomalies(changed, schema)) == [name]


@pytest.mark.parametrize("name", ["fare", "trip_miles", "payment_type", "trip_start_hour", "big_tip"])
def test_one_missing_value_is_an_anomaly_where_all_are_due(frame, schema, name):
    changed = frame[:500].copy()
    changed.at[7, name] = None
    assert list(_anomalies(changed, schema)) == [name]


@pytest.mark.parametrize("name", ["fare", "trip_start_hour", "company"])
def test_another_type_is_an_anomaly(frame, schema, name):
    changed = frame[:500].copy()
    changed[name] = 5 if name == "company" else "five"
    assert list(_anomalies(changed, schema)) == [name]


def test_an_unknown_feature_is_an_anomaly(frame, schema):
    assert _anomalies(frame[:500].assign(tips=1.0), schema) == {"tips": "New column"}


def test_random_parts_of_the_trips_do_not_drift_and_other_trips_do(frame, schema):
    shuffled = frame.sample(frac=1, random_state=0)
    parts = {
        "first": shuffled[:7500],
        "second": shuffled[7500:],
        "few": shuffled[:500],
        "cards": frame[frame.payment_type == "Credit Card"],
        "late": frame[frame.trip_start_hour >= 12],
    }
    statistics = {name: _statistics(part, schema) for name, part in parts.items()}

    def drifted(name):
        found = tfdv.validate_statistics(statistics[name], schema, previous_statistics=statistics["first"])
        return set(found.anomaly_info)

    assert drifted("second") == set()
    assert drifted("few") == set()
    assert drifted("cards") == {"payment_type"}
    assert drifted("late") == {"trip_start_hour"}
