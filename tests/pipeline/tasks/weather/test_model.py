import numpy as np
import pytest
import tensorflow as tf

from components.trainer.raw_features import SERVING
from pipeline.tasks.weather.model import build_model
from tests.pipeline.tasks.in_place import schema_of, through_transform

SERVED = ("precipitation", "temp_max", "temp_min", "wind", "weather", "day_of_year")


def _request(windows, **values):
    return {name: tf.constant([values.get(name, window[name]) for window in windows]) for name in SERVED} | {
        "day_of_year": tf.constant([window["day_of_year"] for window in windows], tf.int64)
    }


def test_an_untrained_model_predicts_persistence(output, windows):
    features = through_transform(output, windows[:4])
    inputs = {name: features[name] for name in ("series", "year", "last_temp_max")}
    np.testing.assert_array_equal(build_model(output)(inputs)["temperature"], features["last_temp_max"])


def test_the_range_holds_the_temperature_and_weather_is_a_distribution(output, windows):
    features = through_transform(output, windows)
    outputs = build_model(output)({name: features[name] for name in ("series", "year", "last_temp_max")})
    low, high = np.split(outputs["temperature_range"].numpy(), 2, axis=1)
    assert (low <= outputs["temperature"].numpy()).all()
    assert (high >= outputs["temperature"].numpy()).all()
    # float32 softmax
    np.testing.assert_allclose(np.sum(outputs["weather"], axis=1), 1, atol=1e-6)


def test_a_client_sends_the_days_and_not_what_is_to_be_found(signatures):
    inputs = signatures["serving_default"].structured_input_signature[1]
    assert set(inputs) == set(SERVED)
    kept_out = {feature.name for feature in schema_of("weather").feature if SERVING in feature.not_in_environment}
    assert kept_out == {"season", "date", "next_temp_max", "next_weather"}


def test_signatures_agree(signatures, windows):
    from pipeline.tf_example import example

    served = signatures["serving_default"](**_request(windows))
    records = tf.constant([example({name: window[name] for name in SERVED}) for window in windows])
    again = signatures["serving_examples"](examples=records)
    assert set(served) == {"temperature", "temperature_range", "weather"}
    for name, value in served.items():
        np.testing.assert_array_equal(value, again[name])


def test_a_gap_in_the_series_is_served(signatures, windows):
    request = _request(windows[:1], temp_max=[float("nan")] * 14, weather=[""] * 14)
    assert all(np.isfinite(value).all() for value in signatures["serving_default"](**request).values())


def test_a_window_of_another_length_is_refused(signatures, windows):
    with pytest.raises((ValueError, TypeError, tf.errors.InvalidArgumentError)):
        signatures["serving_default"](**{**_request(windows[:1]), "wind": tf.constant([[1.0] * 13])})
