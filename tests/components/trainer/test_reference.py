"""What the Trainer keeps of its predictions is what the export gives, and more than the export can know."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.reference_predictions import RAW_EXAMPLES, ReferencePredictions
from components.trainer import export, reference
from components.trainer.export import TransformGraph
from tests.components.trainer import tiny


@pytest.fixture(scope="module")
def transform(transformed):
    return TransformGraph(tft.TFTransformOutput(str(transformed.graph)), tiny.LABEL)


@pytest.fixture(scope="module")
def model(transformed):
    keras.utils.set_random_seed(3)
    model = tiny.build_model(tft.TFTransformOutput(str(transformed.graph)))
    for variable in model.non_trainable_variables[:2]:  # Batch statistics other than those of a new layer.
        variable.assign(np.random.default_rng(0).uniform(0.5, 2, variable.shape))
    return model


@pytest.fixture(scope="module")
def artifact(model, transform, transformed, tmp_path_factory):
    """A model artifact as the Trainer leaves it, made of the raw rows of a split as TFX writes them."""
    folder = tmp_path_factory.mktemp("model")
    raw = tmp_path_factory.mktemp("Split-eval")
    with tf.io.TFRecordWriter(str(raw / "data.gz"), "GZIP") as writer:
        for row in transformed.serialized["eval"]:
            writer.write(row)
    fn_args = SimpleNamespace(
        custom_config={RAW_EXAMPLES: [str(raw)]}, serving_model_dir=str(folder / "Format-Serving")
    )
    export.save(model, transform, folder / "Format-Serving")
    reference.write(model, transform, fn_args)
    return folder


@pytest.fixture(scope="module")
def kept(artifact):
    return ReferencePredictions.read(artifact)


def test_it_lies_beside_what_is_served(artifact):
    assert sorted(path.name for path in artifact.iterdir()) == ["Format-Serving", "reference_predictions.json"]


def test_the_first_rows_are_kept_as_they_are(kept, transformed):
    assert list(kept.examples) == transformed.serialized["eval"][: reference.ROWS]
    assert not kept.half


def test_the_export_predicts_the_same(artifact, kept):
    signatures = tf.saved_model.load(str(artifact / "Format-Serving")).signatures
    examples = tf.constant(kept.examples)
    # The same batch, but op by op here; float32 has 1.2e-7.
    served = signatures["serving_examples"](examples=examples)
    np.testing.assert_allclose(kept.outputs["probability"], served["probability"], rtol=1e-6)
    features = signatures["transform_features"](examples=examples)
    assert set(features) == set(kept.features)
    for name, value in features.items():
        np.testing.assert_array_equal(value, kept.features[name])


def test_an_empty_batch_is_answered_by_a_convolution_too(transform, tmp_path):
    pixels = keras.Input((3,), name="pixels_scaled")
    # As deep as the filters of a second convolution, which TensorFlow then takes for one.
    x = keras.layers.Reshape((3, 1, 1))(pixels)
    for _ in range(2):
        x = keras.layers.Conv2D(32, 1, activation="relu")(x)
    export.save(keras.Model(pixels, keras.layers.Flatten(name="out")(x)), transform, tmp_path / "model")
    serve = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_examples"]
    assert serve(examples=tf.constant([], tf.string))["out"].shape == (0, 96)


def test_half_precision_is_told(transform, transformed):
    inputs = keras.Input((1,), name="fare_scaled")
    outputs = keras.layers.Dense(1, dtype="mixed_float16", name="out")(inputs)
    rows = transformed.serialized["eval"][:2]
    assert reference.predictions(keras.Model(inputs, outputs), transform, rows).half


def test_without_raw_examples_nothing_is_kept(model, transform, tmp_path):
    reference.write(model, transform, SimpleNamespace(custom_config={}, serving_model_dir=str(tmp_path / "serving")))
    assert list(tmp_path.iterdir()) == []
    assert ReferencePredictions.read(tmp_path) is None
