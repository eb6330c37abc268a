import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from tests.pipeline.tasks.in_place import schema_of

SERVED = ["precipitation", "temp_max", "temp_min", "wind", "weather", "day_of_year"]


@pytest.fixture(scope="module")
def schema():
    return schema_of("weather")


@pytest.fixture
def frame() -> pd.DataFrame:
    """A record a row; a value is a list."""
    window = {
        "precipitation": [0.0, 1.5] * 7,
        "temp_max": [12.0, -3.0] * 7,
        "temp_min": [8.0, -9.5] * 7,
        "wind": [4.7] * 14,
        "weather": ["sun", "snow"] * 7,
        "day_of_year": [366],
        "season": ["winter"],
        "date": ["2012-12-31"],
        "next_temp_max": [7.5],
        "next_weather": [4],
    }
    return pd.DataFrame([window] * 5)


def _anomalies(frame, schema, environment="TRAINING"):
    statistics = tfdv.generate_statistics_from_dataframe(frame, tfdv.StatsOptions(schema=schema), n_jobs=1)
    anomalies = tfdv.validate_statistics(statistics, schema, environment=environment)
    return {name: info.short_description for name, info in anomalies.anomaly_info.items()}


def test_windows_have_no_anomaly(frame, schema):
    assert _anomalies(frame, schema) == {}


def test_the_labels_are_not_there_when_serving(frame, schema):
    assert _anomalies(frame[SERVED], schema, "SERVING") == {}
    assert set(_anomalies(frame[SERVED], schema)) == {"season", "date", "next_temp_max", "next_weather"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("wind", [4.7] * 13),
        ("wind", [-1.0] * 14),
        ("temp_max", [120.0] * 14),
        ("weather", ["hail"] * 14),
        ("day_of_year", [367]),
        ("next_temp_max", [float("nan")]),
        ("next_weather", [5]),
    ],
)
def test_each_rule_fires(frame, schema, name, values):
    frame.at[2, name] = values
    assert set(_anomalies(frame, schema)) == {name}
