import math

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from components.errors import UsageError
from components.trainer import raw_features

SCHEMA = """
feature { name: "one" type: FLOAT presence { min_fraction: 1 } shape {} }
feature { name: "one_of_one" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "image" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 2 } dim { size: 3 } } }
feature { name: "float" type: FLOAT value_count { min: 0 max: 1 } }
feature { name: "text" type: BYTES }
feature { name: "count" type: INT int_domain { min: 0 max: 9 } }
feature { name: "change" type: INT int_domain { min: -9 max: 9 } }
feature { name: "number" type: INT }
feature { name: "unit price" type: FLOAT value_count { min: 1 max: 1 } }
feature { name: "words" type: BYTES value_count { min: 0 } }
feature { name: "three" type: INT value_count { min: 0 max: 3 } int_domain { min: 1 } }
feature { name: "label" type: INT presence { min_fraction: 1 } shape {} }
feature { name: "id" type: INT presence { min_fraction: 1 } shape {} not_in_environment: "SERVING" }
feature { name: "old" type: INT presence { min_fraction: 1 } shape {} lifecycle_stage: DEPRECATED }
"""


def read(text: str) -> dict[str, raw_features.RawFeature]:
    return raw_features.read(text_format.Parse(text, schema_pb2.Schema()), "label")


@pytest.fixture(scope="module")
def features():
    return read(SCHEMA)


def test_a_client_sends_all_but_the_label_and_what_is_not_there_when_serving(features):
    specs = {name: feature.tensor_spec for name, feature in features.items()}
    assert specs == {
        "one": tf.TensorSpec([None], tf.float32, "one"),
        "one_of_one": tf.TensorSpec([None], tf.string, "one_of_one"),
        "image": tf.TensorSpec([None, 2, 3], tf.float32, "image"),
        "float": tf.TensorSpec([None], tf.float32, "float"),
        "text": tf.TensorSpec([None], tf.string, "text"),
        "count": tf.TensorSpec([None], tf.int64, "count"),
        "change": tf.TensorSpec([None], tf.int64, "change"),
        "number": tf.TensorSpec([None], tf.int64, "number"),
        "unit price": tf.TensorSpec([None], tf.float32, "unit_price"),
        "words": tf.TensorSpec([None, None], tf.string, "words"),
        "three": tf.TensorSpec([None, None], tf.int64, "three"),
    }


def test_a_missing_value_is_one_that_cannot_occur(features):
    missing = {name: feature.missing for name, feature in features.items()}
    assert math.isnan(missing.pop("float"))
    assert math.isnan(missing.pop("unit price"))
    lowest = -(2**63)
    assert missing == {
        "one": None,
        "one_of_one": None,
        "image": None,
        "text": "",
        "count": -1,
        "change": lowest,
        "number": lowest,
        "words": "",
        "three": -1,
    }


VALUES = {
    "float": st.floats(width=32, allow_nan=False),
    "text": st.text("abc", min_size=1, max_size=3).map(str.encode),
    "count": st.integers(0, 9),
    "change": st.integers(-9, 9),
    "number": st.integers(-(2**63) + 1, 2**63 - 1),
    "words": st.text("abc", min_size=1, max_size=3).map(str.encode),
    "three": st.integers(1, 99),
}


@pytest.mark.parametrize("name", VALUES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_a_client_sends_becomes_what_parsing_gives(features, name, data):
    feature = features[name]
    longest = 3 if feature.several else 1
    rows = data.draw(st.lists(st.lists(VALUES[name], max_size=longest), max_size=5))
    parsed = tf.io.parse_example(tf.constant([_example(name, row) for row in rows], tf.string), {name: feature.spec})[
        name
    ]
    padded = [row + [feature.missing] * (longest - len(row)) for row in rows]
    sent = tf.constant(padded if feature.several else [row[0] for row in padded], feature.spec.dtype)
    sent = tf.reshape(sent, [len(rows), longest] if feature.several else [len(rows)])
    received = feature.from_client(sent)
    assert feature.batch_spec.is_compatible_with(received)
    np.testing.assert_array_equal(received.indices, parsed.indices)
    np.testing.assert_array_equal(received.values, parsed.values)
    np.testing.assert_array_equal(received.dense_shape, parsed.dense_shape)


def _example(name: str, values: list) -> bytes:
    feature = tf.train.Feature()
    if values and isinstance(values[0], bytes):
        feature.bytes_list.value.extend(values)
    elif values and isinstance(values[0], float):
        feature.float_list.value.extend(values)
    else:
        feature.int64_list.value.extend(values)
    present = {name: feature} if values else {}
    return tf.train.Example(features=tf.train.Features(feature=present)).SerializeToString()


def test_always_present_values_keep_their_shape_and_are_never_taken_for_missing(features):
    one = features["one_of_one"].from_client(tf.constant(["", "a"]))
    np.testing.assert_array_equal(one, [[b""], [b"a"]])
    image = tf.fill([2, 2, 3], math.nan)
    np.testing.assert_array_equal(features["image"].from_client(image), image)


def test_a_value_missing_inside_a_list_is_left_out(features):
    received = features["words"].from_client(tf.constant([["a", "", "b"], ["", "", ""]]))
    np.testing.assert_array_equal(tf.sparse.to_dense(received), [[b"a", b"b"], [b"", b""]])


def test_a_ragged_feature_is_a_list():
    ragged = """
    feature { name: "words" type: BYTES value_count { min: 0 } }
    tensor_representation_group { key: "" value { tensor_representation { key: "words" value {
      ragged_tensor { feature_path { step: "words" } row_partition_dtype: INT64 } } } } }
    """
    feature = read(ragged)["words"]
    received = feature.from_client(tf.constant([["a", "b"], ["", ""]]))
    assert received.to_list() == [[b"a", b"b"], []]
    assert feature.batch_spec.is_compatible_with(received)


def test_two_names_that_become_one_are_refused():
    with pytest.raises(UsageError, match=r"Received: unit price, unit_price. Rename one of them"):
        read('feature { name: "unit price" type: INT } feature { name: "unit_price" type: INT }')


def test_a_feature_of_parts_is_refused():
    parts = """
    feature { name: "index" type: INT } feature { name: "value" type: FLOAT }
    sparse_feature {
      name: "parts" index_feature { name: "index" } value_feature { name: "value" } dense_shape { dim { size: 9 } }
    }
    """
    with pytest.raises(UsageError, match="Received: parts as SparseFeature"):
        read(parts)


@pytest.mark.parametrize("value", [tf.constant("a"), tf.constant([["a"]])])
def test_values_of_another_rank_are_an_error(features, value):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        features["one_of_one"].from_client(value)
