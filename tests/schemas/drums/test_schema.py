import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from tests.pipeline.tasks.in_place import schema_of

DRUMS = (b"kick", b"snare", b"hi-hat", b"tom", b"cymbal")
ROWS = 40


@pytest.fixture(scope="module")
def schema():
    return schema_of("drums")


@pytest.fixture
def frame() -> pd.DataFrame:
    labels = np.arange(ROWS) % 5
    sounds = [b"RIFF" + bytes([row, 0, 200]) for row in range(ROWS)]
    return pd.DataFrame({"wav": sounds, "label": labels, "drum": [DRUMS[label] for label in labels], "kit": b"Oak"})


def _anomalies(frame, schema, environment="TRAINING"):
    lists = frame.map(lambda value: value if isinstance(value, list) else [value])
    statistics = tfdv.generate_statistics_from_dataframe(lists, tfdv.StatsOptions(schema=schema), n_jobs=1)
    anomalies = tfdv.validate_statistics(statistics, schema, environment=environment)
    return {name: info.short_description for name, info in anomalies.anomaly_info.items()}


def test_records_have_no_anomaly(frame, schema):
    assert _anomalies(frame, schema) == {}


def test_a_client_sends_files_or_samples(frame, schema):
    assert _anomalies(frame[["wav"]], schema, "SERVING") == {}
    samples = pd.DataFrame({"samples": [[0.5, -0.5, 0.0]] * 5, "rate": [44100] * 5})
    assert _anomalies(samples, schema, "SERVING") == {}
    assert set(_anomalies(frame[["wav"]], schema)) == {"label", "drum", "kit"}


@pytest.mark.parametrize(
    ("name", "value"), [("label", 5), ("drum", b"gong"), ("wav", 1.5), ("rate", 10), ("samples", [2.0, 0.0])]
)
def test_a_value_out_of_its_domain_is_an_anomaly(frame, schema, name, value):
    frame[name] = [value] * ROWS
    assert list(_anomalies(frame, schema)) == [name]
