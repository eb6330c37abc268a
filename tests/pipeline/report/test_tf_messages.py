import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.report.reference import FILE, Reference
from pipeline.report.tf_messages import array, features
from pipeline.tf_example import example

VALUES = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1),
    st.lists(st.binary(), min_size=1),
)


@settings(max_examples=30)
@given(st.dictionaries(st.text(), VALUES))
def test_examples_are_read_as_tensorflow_has_written_them(row):
    assert features(example(row)) == {name: row[name] for name in sorted(row)}


def test_a_feature_without_a_kind_has_no_values():
    message = tf.train.Example()
    message.features.feature["empty"].Clear()
    assert features(message.SerializeToString()) == {"empty": []}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int32", "int64", "uint8", "bool"])
def test_tensors_are_read_bit_for_bit(dtype):
    tensor = tf.cast(tf.constant([[0.0, 1.5], [2.0, 0.1]]), dtype)
    found = array(tf.io.serialize_tensor(tensor).numpy())
    assert found.tolist() == tf.cast(tensor, "float64").numpy().tolist()
    assert found.shape == (2, 2)


@pytest.mark.parametrize("broken", [b"\xff\xff\xff", b"\x0a\xff"])
def test_other_bytes_are_a_value_error(broken):
    with pytest.raises(ValueError, match="no Example"):
        features(broken)


def test_strings_are_no_numbers():
    with pytest.raises(ValueError, match="type 7"):
        array(tf.io.serialize_tensor(tf.constant(["a"])).numpy())


def test_the_trainers_file_is_read_without_tensorflow(tmp_path):
    from components import reference_predictions

    outputs = {"p": np.array([[0.25], [0.5]], "float32"), "word": np.array([b"a", b"b"]), "whole": np.float32(1)}
    rows = (example({"x": 1}), example({"x": 2}))
    reference_predictions.ReferencePredictions(rows, {}, outputs).write(tmp_path)
    found = Reference.read(tmp_path)
    assert reference_predictions.FILE == FILE
    assert found.rows == ({"x": [1]}, {"x": [2]})
    assert {name: one.tolist() for name, one in found.outputs.items()} == {"p": [[0.25], [0.5]]}


@pytest.mark.parametrize(
    "content", ["", "[]", '{"examples": [1], "outputs": {}}', '{"examples": ["/w=="], "outputs": {}}']
)
def test_another_file_is_none(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert Reference.read(tmp_path) is None
    assert Reference.read(tmp_path / "gone") is None
