import numpy as np
import pytest
import tensorflow as tf

from pipeline.tasks.weather import preprocessing
from pipeline.tf_example import example
from tests.pipeline.tasks.in_place import through_transform


@pytest.fixture(scope="module")
def features(output, windows):
    return through_transform(output, windows)


def test_shapes_and_dtypes(features, windows):
    shapes = {name: (tuple(value.shape[1:]), value.dtype) for name, value in features.items()}
    assert shapes == {
        "series": ((14, 10), tf.float32),
        "year": ((2,), tf.float32),
        "last_temp_max": ((1,), tf.float32),
        "next_temp_max": ((1,), tf.float32),
        "next_weather": ((1,), tf.int64),
    }
    assert {len(value) for value in features.values()} == {len(windows)}


def test_numbers_are_z_scores_of_their_own_column(features, windows):
    for column, name in enumerate(preprocessing.NUMBERS):
        values = np.array([window[name] for window in windows])
        values = np.log1p(values) if name == "precipitation" else values
        expected = (values - values.mean()) / values.std()
        # float32 sums over a thousand values.
        np.testing.assert_allclose(features["series"][:, :, column], expected, atol=1e-4)


def test_weather_is_one_of_its_classes(features, windows):
    kinds = np.argmax(features["series"][:, :, 4:9], axis=2)
    assert [[preprocessing.KINDS[kind] for kind in row] for row in kinds] == [window["weather"] for window in windows]


def test_eagerly_in_tf_data_it_is_the_same(output, windows, features):
    """Transform's graph called inside tf.data, in small batches, gives what it gives on the whole."""
    layer, spec = output.transform_features_layer(), output.raw_feature_spec()
    records = tf.data.Dataset.from_tensor_slices([example(window) for window in windows]).batch(5)
    rows = list(records.map(lambda batch: layer(tf.io.parse_example(batch, spec))))
    for name, value in features.items():
        # The last bit of a sine depends on how many are computed at once.
        np.testing.assert_allclose(np.concatenate([row[name] for row in rows]), value, rtol=3e-7)


def test_a_gap_counts_as_the_mean_and_is_flagged(output, windows):
    gap = {**windows[0], "temp_max": [float("nan")] * 2 + windows[0]["temp_max"][2:-1] + [float("nan")]}
    gap["weather"] = ["", *windows[0]["weather"][1:]]
    features = through_transform(output, [gap])
    series = features["series"][0].numpy()
    assert np.isfinite(series).all()
    assert series[[0, 1, 13], 1].tolist() == [0, 0, 0]
    assert series[:, 9].tolist() == [1, 1, *[0] * 11, 1]
    assert series[0, 4:9].tolist() == [0] * 5
    assert features["last_temp_max"][0, 0] == np.float32(windows[0]["temp_max"][-2])


def test_a_window_without_any_temperature_counts_as_the_mean(output, windows):
    features = through_transform(output, [{**windows[0], "temp_max": [float("nan")] * 14}])
    mean = np.mean([window["temp_max"] for window in windows])
    np.testing.assert_allclose(features["last_temp_max"][0, 0], mean, rtol=1e-5)
