import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from tests.pipeline.tasks.fashion.images import encoded, noise
from tests.pipeline.tasks.in_place import schema_of

ROWS = 40


@pytest.fixture(scope="module")
def schema():
    return schema_of("fashion")


@pytest.fixture
def frame() -> pd.DataFrame:
    pictures = [encoded(noise(28, 28, seed=seed)) for seed in range(ROWS)]
    return pd.DataFrame({"image": pictures, "label": np.arange(ROWS) % 10, "class_name": [b"Coat"] * ROWS})


def _anomalies(frame, schema, environment="TRAINING"):
    lists = frame.map(lambda value: [value])
    statistics = tfdv.generate_statistics_from_dataframe(lists, tfdv.StatsOptions(schema=schema), n_jobs=1)
    anomalies = tfdv.validate_statistics(statistics, schema, environment=environment)
    return {name: info.short_description for name, info in anomalies.anomaly_info.items()}


def test_pictures_have_no_anomaly(frame, schema):
    assert _anomalies(frame, schema) == {}


def test_only_the_picture_is_there_when_serving(frame, schema):
    assert _anomalies(frame[["image"]], schema, "SERVING") == {}
    assert set(_anomalies(frame[["image"]], schema)) == {"label", "class_name"}


def test_a_label_out_of_its_domain_is_an_anomaly(frame, schema):
    frame.loc[3, "label"] = 10
    assert list(_anomalies(frame, schema)) == ["label"]


def test_a_picture_that_is_numbers_is_an_anomaly(frame, schema):
    assert list(_anomalies(frame.assign(image=1.5), schema)) == ["image"]
