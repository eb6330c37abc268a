import inspect

import keras
import numpy as np
import pytest

from pipeline import tasks
from pipeline.tasks.taxi import preprocessing
from pipeline.tasks.taxi.model import build_model


@pytest.fixture(scope="module")
def batch(trips) -> tuple[dict[str, np.ndarray], np.ndarray]:
    inputs = {name: values for name, values in trips.features.items() if name != preprocessing.LABEL}
    return inputs, trips.features[preprocessing.LABEL]


@pytest.fixture
def model(trips) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_model(trips.output)


def test_the_inputs_are_the_transformed_features(trips, model):
    assert {tensor.name for tensor in model.inputs} == set(trips.features) - {preprocessing.LABEL}


def test_the_output_is_a_probability(model, batch):
    output = model.predict(batch[0], verbose=0)
    assert set(output) == {"probability"}
    assert output["probability"].shape == (len(batch[1]), 1)
    assert output["probability"].dtype == np.float32
    assert ((output["probability"] > 0) & (output["probability"] < 1)).all()


def test_the_linear_part_starts_at_nothing(model):
    [weights] = model.get_layer("wide_weights").get_weights()
    assert not weights.any()


def test_each_feature_has_linear_weights_of_its_own(model, batch):
    """One step moves no more rows than the batch has ids, and as many as it has different ones."""
    inputs, label = ({name: values[:8] for name, values in batch[0].items()}, batch[1][:8])
    model.compile(keras.optimizers.SGD(1.0), "binary_crossentropy")
    model.train_on_batch(inputs, label)
    [weights] = model.get_layer("wide_weights").get_weights()
    categories = [name for name, values in inputs.items() if values.dtype == np.int64]
    assert np.count_nonzero(weights) == sum(len(np.unique(inputs[name])) for name in categories)


def test_the_largest_ids_have_a_place(model, trips):
    words = len(trips.output.vocabulary_by_name("words"))
    wild = {
        **trips.raw[0],
        "payment_type": "Seashells",
        "company": "Brand New Cabs",
        "fare": 1e9,
        "pickup_community_area": 999,
        "dropoff_community_area": 999,
        "trip_start_hour": 99,
    }
    features = trips.transform([wild])
    assert features["payment_fare_cross"][0, 0] == words * preprocessing.BUCKETS + preprocessing.BUCKETS - 2
    del features[preprocessing.LABEL]
    model.predict(features, verbose=0)  # On a CPU a lookup beyond the table raises.


def test_it_learns(model, batch):
    model.compile("adam", "binary_crossentropy", metrics=["auc"])
    history = model.fit(*batch, batch_size=50, epochs=3, verbose=0, shuffle=False).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    assert history["auc"][-1] > 0.85  # The payment type alone reaches 0.93; a model that learns nothing has 0.5.


def test_it_is_saved_and_loaded(model, batch, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = model.predict(batch[0], verbose=0)["probability"]
    np.testing.assert_array_equal(loaded.predict(batch[0], verbose=0)["probability"], expected)


def test_probabilities_stay_exact_under_mixed_precision(trips, batch):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = build_model(trips.output)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert model.predict(batch[0], verbose=0)["probability"].dtype == np.float32


def test_the_task_names_every_parameter():
    parameters = set(inspect.signature(build_model).parameters) - {"tft_output"}
    assert set(tasks.load("taxi").training.model.params) == parameters


def test_the_widths_are_parameters(trips):
    model = build_model(trips.output, hidden_units=[5], embedding_size=3)
    assert model.get_layer("deep_0").units == 5
    assert model.get_layer("word_embedding").output_dim == 3
    assert "deep_1" not in [layer.name for layer in model.layers]
