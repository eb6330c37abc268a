import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from pipeline.tasks.stamps.data import CLASSES
from tests.pipeline.tasks.fashion.images import encoded, noise
from tests.pipeline.tasks.in_place import schema_of

ROWS = 40


@pytest.fixture(scope="module")
def schema():
    return schema_of("stamps")


@pytest.fixture
def frame() -> pd.DataFrame:
    labels = np.arange(ROWS) % len(CLASSES)
    return pd.DataFrame(
        {
            "image": [encoded(noise(8, 8, 3, seed=seed)) for seed in range(ROWS)],
            "caption": [f"Number {number}." if number % 5 else None for number in range(ROWS)],
            "label": labels,
            "category": [CLASSES[label] for label in labels],
        }
    )


def _anomalies(frame, schema, environment="TRAINING"):
    lists = frame.map(lambda value: None if value is None else [value])
    statistics = tfdv.generate_statistics_from_dataframe(lists, tfdv.StatsOptions(schema=schema), n_jobs=1)
    anomalies = tfdv.validate_statistics(statistics, schema, environment=environment)
    return {name: info.short_description for name, info in anomalies.anomaly_info.items()}


def test_stamps_have_no_anomaly_with_and_without_a_caption(frame, schema):
    assert _anomalies(frame, schema) == {}


def test_no_label_is_there_when_serving(frame, schema):
    assert _anomalies(frame[["image", "caption"]], schema, "SERVING") == {}
    assert set(_anomalies(frame[["image", "caption"]], schema)) == {"label", "category"}


@pytest.mark.parametrize(("column", "value"), [("label", 7), ("category", "symbols")])
def test_another_class_is_an_anomaly(frame, schema, column, value):
    frame.loc[3, column] = value
    assert list(_anomalies(frame, schema)) == [column]


def test_a_picture_that_is_numbers_is_an_anomaly(frame, schema):
    assert list(_anomalies(frame.assign(image=1.5), schema)) == ["image"]
