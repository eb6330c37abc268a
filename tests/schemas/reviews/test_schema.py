"""The schemas of the two tasks on reviews: one of whole reviews, one of sentences."""

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from pipeline.tasks.reviews import data
from tests.pipeline.tasks.in_place import schema_of
from tests.pipeline.tasks.reviews import reviews_csv

TASKS = ("reviews", "sentences")


@pytest.fixture(params=TASKS)
def task(request):
    return request.param


@pytest.fixture
def schema(task):
    return schema_of(task)


@pytest.fixture
def frame(task) -> pd.DataFrame:
    texts, labels = zip(*reviews_csv.texts(60), strict=True)
    shortened = [text if task == "reviews" else text[:300] for text in texts]
    return pd.DataFrame(
        {
            "text": shortened,
            "positive": labels,
            "source": "rotten_tomatoes",
            "length": [data.length(text) for text in shortened],
        }
    )


def _anomalies(frame, schema, environment="TRAINING", previous=None):
    statistics, before = (
        tfdv.generate_statistics_from_dataframe(
            part.map(lambda value: None if value is None else [value]), tfdv.StatsOptions(schema=schema), n_jobs=1
        )
        for part in (frame, frame if previous is None else previous)
    )
    anomalies = tfdv.validate_statistics(statistics, schema, environment=environment, previous_statistics=before)
    return {name: info.short_description for name, info in anomalies.anomaly_info.items()}


def test_reviews_have_no_anomaly(frame, schema):
    assert _anomalies(frame, schema) == {}


def test_only_the_text_is_there_when_serving(frame, schema):
    assert _anomalies(frame[["text"]], schema, "SERVING") == {}
    assert set(_anomalies(frame[["text"]], schema)) == {"positive", "source", "length"}


@pytest.mark.parametrize(
    ("name", "value"), [("positive", 2), ("source", "elsewhere"), ("length", "endless"), ("text", None)]
)
def test_one_value_out_of_its_domain_is_an_anomaly(frame, schema, name, value):
    frame[name] = frame[name].astype(object)
    frame.at[7, name] = value
    assert list(_anomalies(frame, schema)) == [name]


def test_other_lengths_are_drift(frame, schema):
    short = frame.assign(text="good film", length="up to 15 words")
    assert list(_anomalies(short, schema, previous=frame)) == ["length"]


def test_every_length_is_in_the_domain():
    [domain] = [domain for domain in schema_of("reviews").string_domain if domain.name == "length"]
    assert list(domain.value) == [*data.LENGTHS.values(), data.LONGEST]
