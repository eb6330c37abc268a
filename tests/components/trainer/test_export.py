"""The skew contract: a model sees the same features whichever way the same rows come to it."""

import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.trainer import export, input_pipeline
from components.trainer.export import TransformGraph
from components.trainer.model_inputs import model_inputs
from tests.components.trainer import tiny

FLOAT_MISSING, INT_MISSING = float("nan"), -(2**63)
MISSING = {"trip miles": FLOAT_MISSING, "area": -1, "balance": INT_MISSING, "company": ""}

SERVED_ALONE = """
import json, sys
import tensorflow as tf
sent = json.loads(sys.argv[2])
predict = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
specs = predict.structured_input_signature[1]
outputs = predict(**{name: tf.constant(sent[name], spec.dtype) for name, spec in specs.items()})
foreign = [name for name in ("keras", "tensorflow_transform", "components") if name in sys.modules]
print(json.dumps({"outputs": {name: value.numpy().tolist() for name, value in outputs.items()}, "foreign": foreign}))
"""


@pytest.fixture(scope="module")
def tft_output(transformed):
    return tft.TFTransformOutput(str(transformed.graph))


@pytest.fixture(scope="module")
def transform(tft_output):
    return TransformGraph(tft_output, tiny.LABEL)


@pytest.fixture(scope="module")
def model(tft_output):
    keras.utils.set_random_seed(3)
    model = tiny.build_model(tft_output)
    for variable in model.non_trainable_variables[:2]:  # Batch statistics other than those of a new layer.
        variable.assign(np.random.default_rng(0).uniform(0.5, 2, variable.shape))
    return model


@pytest.fixture(scope="module")
def folder(model, transform, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "Format-Serving"
    export.save(model, transform, folder)
    return folder


@pytest.fixture(scope="module")
def signatures(folder):
    return tf.saved_model.load(str(folder)).signatures


@pytest.fixture(scope="module", params=["train", "eval"])
def split(request):
    return request.param


@pytest.fixture(scope="module")
def materialised(transformed, tft_output, split):
    """What Transform wrote, parsed."""
    records = tf.data.TFRecordDataset(tf.io.gfile.glob(transformed.patterns[split]), "GZIP").batch(1000)
    return tf.io.parse_example(next(iter(records)), tft_output.transformed_feature_spec())


@pytest.fixture(scope="module")
def examples(transformed, split):
    return tf.constant(transformed.serialized[split])


def as_a_client_sends_them(split: str, rows: slice = slice(None)) -> dict[str, list]:
    """The raw rows, without the label, a missing value as the rule says."""
    served = list(tiny.rows(tiny.ROWS[split], seed=list(tiny.ROWS).index(split)))[rows]
    sent = {}
    for name in served[0].keys() - {"tipped", "row_id"}:
        values = [row[name] for row in served]
        if name == "words":
            values = [[*value, *[""] * (4 - len(value))] for value in values]
        elif name in MISSING:
            values = [value[0] if value else MISSING[name] for value in values]
        elif name != "pixels":
            values = [value[0] for value in values]
        sent[name.replace(" ", "_")] = values
    return sent


def served_default(signatures, sent: dict[str, list]) -> np.ndarray:
    specs = signatures["serving_default"].structured_input_signature[1]
    inputs = {name: tf.constant(sent[name], spec.dtype) for name, spec in specs.items()}
    return signatures["serving_default"](**inputs)["probability"].numpy()


def test_the_rows_are_worth_it(transformed, split):
    """Optional values are missing, and a category of the eval split was never seen in training."""
    rows = list(tiny.rows(tiny.ROWS[split], seed=list(tiny.ROWS).index(split)))
    assert all(0.2 < np.mean([not row[name] for row in rows]) < 0.5 for name in MISSING)
    vocabulary = (transformed.graph / "transform_fn" / "assets" / "company").read_text().split()
    assert (["Yellow"] in [row["company"] for row in rows]) == (split == "eval")
    assert "Yellow" not in vocabulary


def test_transform_features_gives_what_transform_wrote_bit_for_bit(signatures, examples, materialised):
    features = signatures["transform_features"](examples=examples)
    assert set(features) == set(materialised) - {"tipped", "fare_if_tipped"}
    for name, value in features.items():
        assert value.dtype == materialised[name].dtype
        np.testing.assert_array_equal(value, materialised[name], err_msg=name)


def test_both_serving_signatures_and_the_model_on_what_transform_wrote_agree(
    model, signatures, examples, materialised, split
):
    from_examples = signatures["serving_examples"](examples=examples)["probability"].numpy()
    from_client = served_default(signatures, as_a_client_sends_them(split))
    np.testing.assert_array_equal(from_examples, from_client)
    trained_on = model({name: materialised[name] for name in model_inputs(model, materialised)}, training=False)
    # The same batch, but op by op: the exported graph may fuse a matrix product with what follows. float32 has 1.2e-7.
    np.testing.assert_allclose(trained_on, from_client, rtol=1e-6)
    assert np.std(from_client) > 0.01


def test_a_row_alone_gets_the_prediction_it_gets_in_a_batch(signatures, split):
    together = served_default(signatures, as_a_client_sends_them(split))
    for row in range(4):
        alone = served_default(signatures, as_a_client_sends_them(split, slice(row, row + 1)))
        # Matrix products of one row and of many add up in another order.
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-5)


def test_an_empty_batch_is_answered(signatures):
    assert served_default(
        signatures, {name: np.array(values)[:0] for name, values in as_a_client_sends_them("eval").items()}
    ).shape == (0, 1)
    assert signatures["serving_examples"](examples=tf.constant([], tf.string))["probability"].shape == (0, 1)


@pytest.mark.slow
def test_a_moved_copy_predicts_in_a_process_that_has_only_tensorflow(folder, signatures, tmp_path):
    moved = shutil.copytree(folder, tmp_path / "elsewhere" / "7")
    sent = as_a_client_sends_them("eval")
    done = subprocess.run(
        [sys.executable, "-I", "-c", SERVED_ALONE, str(moved), json.dumps(sent)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    np.testing.assert_array_equal(np.float32(answer["outputs"]["probability"]), served_default(signatures, sent))
    assert "components" not in answer["foreign"]
    assert "tensorflow_transform" not in answer["foreign"]


def test_nothing_half_written_is_left(folder):
    assert [path.name for path in folder.parent.iterdir()] == ["Format-Serving"]


def test_outputs_have_the_names_of_the_model(transform, tmp_path):
    inputs = {name: keras.Input((1,), name=name) for name in ("fare_scaled", "miles")}
    two = {"tip": keras.layers.Dense(2)(inputs["fare_scaled"]), "time": keras.layers.Dense(1)(inputs["miles"])}
    export.save(keras.Model(inputs, two), transform, tmp_path / "two")
    outputs = tf.saved_model.load(str(tmp_path / "two")).signatures["serving_examples"].structured_outputs
    assert {name: spec.shape.as_list() for name, spec in outputs.items()} == {"tip": [None, 2], "time": [None, 1]}


def test_a_subclassed_model_is_exported_too(transform, transformed, tmp_path):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs["fare_scaled"])

    model = Model()
    model({"fare_scaled": tf.zeros([1, 1])})
    export.save(model, transform, tmp_path / "subclassed")
    signature = tf.saved_model.load(str(tmp_path / "subclassed")).signatures["serving_examples"]
    assert signature(examples=tf.constant(transformed.serialized["eval"]))["output"].shape == (48, 1)


def test_the_split_that_training_reads_holds_the_same_bits(transformed, materialised, split, model):
    spec = tft.TFTransformOutput(str(transformed.graph)).transformed_feature_spec()
    reader = input_pipeline.Reader({name: spec[name] for name in ("fare_scaled", "company_id", "tipped")}, "tipped")
    rows = input_pipeline.read([transformed.patterns[split]], reader, memory_mb=1)
    features, label = next(iter(rows.evaluation(1)))
    np.testing.assert_array_equal(label, materialised["tipped"])
    for name, value in features.items():
        np.testing.assert_array_equal(value, materialised[name])
