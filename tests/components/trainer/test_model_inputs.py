import keras
import pytest

from components.errors import UsageError
from components.trainer.model_inputs import model_inputs

FEATURES = ["fare", "miles", "company"]


def test_a_functional_model_gets_the_features_its_inputs_are_named_after():
    inputs = {name: keras.Input((1,), name=name) for name in ("miles", "fare")}
    x = keras.layers.Concatenate()(list(inputs.values()))
    for structure in (inputs, list(inputs.values())):
        assert sorted(model_inputs(keras.Model(structure, x), FEATURES)) == ["fare", "miles"]


def test_a_sequential_model_gets_one():
    model = keras.Sequential([keras.Input((1,), name="fare"), keras.layers.Dense(1)])
    assert model_inputs(model, FEATURES) == ["fare"]


def test_a_subclassed_model_gets_all():
    class Model(keras.Model):
        def call(self, inputs):
            return inputs["fare"]

    assert model_inputs(Model(), FEATURES) == FEATURES


def test_an_input_without_a_feature_is_refused():
    x = keras.Input((1,), name="mile")
    with pytest.raises(UsageError, match=r"Received: input mile. Did you mean 'miles'"):
        model_inputs(keras.Model(x, keras.layers.Dense(1)(x)), FEATURES)
