import numpy as np
import pytest
import tensorflow as tf

from components.errors import UsageError
from components.trainer.wordpiece import WordPieceTokenizer
from pipeline.tasks.sentences import preprocessing
from tests.components.trainer.tiny_encoder import PIECES
from tests.pipeline.tasks.in_place import preprocessing_fn

# By hand from the pieces: 2 begins, 3 ends.
IDS = {
    "": [2, 3],
    "A good film!": [2, 5, 6, 8, 12, 3],
    "Unaffordable café. 日本": [2, 9, 10, 11, 16, 13, 17, 18, 3],
    "\x00 bad\u200b \t\n": [2, 7, 3],
    "unheard of": [2, 1, 1, 3],
    "good " * 10_000: [2, *[6] * 62, 3],
}


def _rows(features):
    return tf.RaggedTensor.from_sparse(features["token_ids"]).to_list()


def _raw(texts):
    return {"text": tf.constant(texts)[:, tf.newaxis]}


def test_ids_are_the_same_by_hand_eagerly_in_tf_data_and_through_transform(output):
    texts, expected = list(IDS), list(IDS.values())
    tokenizer = WordPieceTokenizer(PIECES)
    assert preprocessing.ids(tokenizer, tf.constant(texts), PIECES).to_list() == expected
    batches = tf.data.Dataset.from_tensor_slices(texts).batch(4)
    batches = batches.map(lambda batch: preprocessing.ids(tokenizer, batch, PIECES))
    assert [row for batch in batches for row in batch.to_list()] == expected
    assert _rows(output.transform_features_layer()(_raw(texts))) == expected


def test_a_sentence_does_not_depend_on_its_batch(output):
    for text, ids in IDS.items():
        assert _rows(output.transform_features_layer()(_raw([text]))) == [ids]


def test_bytes_that_are_no_text_do_not_fail(output):
    assert _rows(output.transform_features_layer()(_raw([b"bad\xff film"]))) == [[2, 7, 8, 3]]


def test_special_tokens_in_a_text_are_signs_and_words(output):
    [row] = _rows(output.transform_features_layer()(_raw(["[SEP]"])))
    assert row.count(3) == 1


def test_the_label_passes_unchanged_and_need_not_be_there(output):
    layer = output.transform_features_layer()
    assert set(layer(_raw(["a"]))) == {"token_ids"}
    others = {"source": tf.constant([["x"], ["x"]]), "length": tf.constant([["x"], ["x"]])}
    features = layer({**_raw(["a", "b"]), **others, "positive": tf.constant([[1], [0]], tf.int64)})
    np.testing.assert_array_equal(features["positive"], [[1], [0]])
    assert set(output.transformed_feature_spec()) == {"token_ids", "positive"}


def test_a_folder_that_is_no_encoder_is_bad_usage(tmp_path):
    with pytest.raises(UsageError, match=r"without config\.json"):
        preprocessing_fn("sentences", encoder=str(tmp_path))(_raw(["a"]))
