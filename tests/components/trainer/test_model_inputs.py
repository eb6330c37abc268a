from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf

from components.errors import UsageError
from components.trainer.config import ModelConfig
from components.trainer.model_inputs import build_model, model_inputs

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


def of_feature(tft_output, name):
    feature = keras.Input(tft_output.transformed_feature_spec()[name].shape, name=name)
    return keras.Model(feature, keras.layers.Dense(1)(feature))


@pytest.mark.parametrize(
    ("name", "words"), [("mile", "mile. Did you mean 'miles'?"), ("year", "year. Known: fare, miles")]
)
def test_a_model_for_other_features_is_refused(name, words):
    output = SimpleNamespace(transformed_feature_spec=lambda: {name: tf.TensorSpec([1]) for name in ("fare", "miles")})
    config = ModelConfig(f"{__name__}.of_feature", {"name": name})
    with pytest.raises(UsageError, match="must be written for the transformed features") as caught:
        build_model(config, output)
    assert words in str(caught.value)
    assert build_model(ModelConfig(f"{__name__}.of_feature", {"name": "fare"}), output).inputs[0].name == "fare"
