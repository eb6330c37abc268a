"""What is sent: real rows, and the same rows with something missing or unseen, in the form of each signature."""

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.errors import UsageError
from components.serving_check import cases
from components.trainer import raw_features
from tests.components.serving_check import tiny
from tests.components.trainer import tiny as every_kind

PICTURES = """
feature { name: "image" type: BYTES presence { min_fraction: 1 } shape {} image_domain {} }
feature { name: "sound" type: BYTES value_count { min: 0 max: 1 } annotation { tag: "audio" } }
feature { name: "blob" type: BYTES presence { min_fraction: 1 } shape {} }
"""


def build(text, rows, missing=None):
    schema = text_format.Parse(text, schema_pb2.Schema())
    features = raw_features.read(schema, "tipped")
    return {case.name: case for case in cases.build(rows, schema, features, missing)}, features


@pytest.fixture(scope="module")
def built():
    return build(tiny.SCHEMA, tiny.rows())


def parsed(case):
    return [tf.train.Example.FromString(row).features.feature for row in case.examples]


def test_single_batch_and_empty(built):
    found, _ = built
    assert [len(found[name].examples) for name in (cases.SINGLE, cases.BATCH, cases.EMPTY)] == [1, 5, 0]
    assert list(found[cases.BATCH].examples) == tiny.rows()


def test_an_unseen_word_takes_the_place_of_each_word_and_of_no_missing_one(built):
    companies = [list(row["company"].bytes_list.value) for row in parsed(built[0][cases.UNSEEN])]
    assert companies == [[cases.UNSEEN_VALUE], [cases.UNSEEN_VALUE], [], [cases.UNSEEN_VALUE], [cases.UNSEEN_VALUE]]


def test_each_optional_feature_is_missing_once_and_all_in_another_row(built):
    first, second = parsed(built[0][cases.MISSING])
    assert "company" not in first
    assert "trip miles" in first
    assert "trip miles" not in second
    [nothing] = parsed(built[0][cases.ALL_MISSING])
    assert set(nothing) == {"fare", "tipped"}


def test_pictures_sounds_and_bytes_that_are_no_text_are_no_words():
    rows = [every_kind.serialize({"image": ["\x89PNG"], "sound": ["RIFF"]})]
    example = tf.train.Example.FromString(rows[0])
    example.features.feature["blob"].bytes_list.value.append(b"\x89\xff")
    found, _ = build(PICTURES, [example.SerializeToString()])
    assert cases.UNSEEN not in found
    assert cases.MISSING in found


def test_the_features_that_may_be_missing_can_be_named(built):
    found, _ = build(tiny.SCHEMA, tiny.rows(), ("trip miles",))
    assert [set(row) for row in parsed(found[cases.MISSING])] == [{"fare", "company", "tipped"}]
    assert cases.MISSING not in build(tiny.SCHEMA, tiny.rows(), ())[0]
    with pytest.raises(UsageError, match=r"optional\. Received: company_name\. Did you mean 'company'"):
        build(tiny.SCHEMA, tiny.rows(), ("company_name",))


def test_a_client_sends_each_kind_of_feature_so_that_parsing_would_give_the_same():
    rows = [every_kind.serialize(row) for row in every_kind.rows(12, seed=1)]
    found, features = build(every_kind.SCHEMA, rows)
    features = {name: feature for name, feature in features.items() if name != "row_id"}
    parsed = tf.io.parse_example(rows, {name: feature.spec for name, feature in features.items()})
    for case in (cases.BATCH, cases.EMPTY, cases.ALL_MISSING):
        sent = found[case].inputs(cases.DEFAULT, features)
        assert set(sent) == {feature.argument for feature in features.values()}
        for name, feature in features.items():
            assert feature.tensor_spec.is_compatible_with(sent[feature.argument]), name
            if case == cases.BATCH:
                again = feature.from_client(sent[feature.argument])
                np.testing.assert_array_equal(_plain(again), _plain(parsed[name]), err_msg=name)


def _plain(value):
    return tf.sparse.to_dense(value).numpy() if isinstance(value, tf.SparseTensor) else value.numpy()
