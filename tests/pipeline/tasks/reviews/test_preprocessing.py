import numpy as np
import pytest
import tensorflow as tf

from pipeline.tasks.reviews import preprocessing
from pipeline.tf_example import example
from tests.pipeline.tasks.reviews import reviews_csv

TEXTS = (
    "",
    "The film is GREAT!<br /><br />it's a 'story' 日本",
    "nothing known here",
    "film " * 10_000,
    "\x00\u200b ?!",
)
SEEN = [text for text, _ in reviews_csv.texts(120)]


@pytest.fixture(scope="module")
def features(output):
    """Through Transform: ids of each text without padding, and the other features."""
    parsed = tf.io.parse_example(
        [example({"text": text}) for text in TEXTS], {"text": tf.io.FixedLenFeature([1], tf.string)}
    )
    features = output.transform_features_layer()(parsed)
    return {**features, "token_ids": tf.RaggedTensor.from_sparse(features["token_ids"]).to_list()}


def _expected(words: list[str], text: str) -> list[int]:
    """The ids by hand: from the tokens, and the vocabulary as Transform wrote it."""
    tokens = preprocessing.tokens([text]).to_list()[0]
    return [words.index(token) + 1 if token in words else len(words) + 1 for token in tokens][
        : preprocessing.MOST_TOKENS
    ]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("It's GREAT.<br /><br/>Isn\u2019t it?!", ["it's", "great", "isn't", "it", "?", "!"]),
        ("'quoted' words' \"and\" rock'n'roll", ["quoted", "words", "and", "rock'n'roll"]),
        ("ÉTÉ naïve 日本 7/10", ["été", "naïve", "日本", "7", "10"]),
        ("-- ... ''' \u200b", []),
    ],
)
def test_tokens(text, tokens):
    assert [token.decode() for token in preprocessing.tokens([text]).to_list()[0]] == tokens


def test_bytes_that_are_no_text_do_not_fail():
    assert preprocessing.tokens([b"fine \xff\xfe fine"]).to_list() == [[b"fine", b"fine"]]


def test_the_vocabulary_is_sorted_by_frequency(output):
    tokens = [token for row in preprocessing.tokens(SEEN).to_list() for token in row]
    words = [word.decode() for word in output.vocabulary_by_name(preprocessing.VOCABULARY)]
    assert set(words) == {token.decode() for token in tokens}
    counts = [tokens.count(word.encode()) for word in words]
    assert counts == sorted(counts, reverse=True)


def test_ids_are_those_of_the_vocabulary(output, features):
    words = [word.decode() for word in output.vocabulary_by_name(preprocessing.VOCABULARY)]
    for number, text in enumerate(TEXTS):
        assert features["token_ids"][number] == _expected([word.encode() for word in words], text)


def test_lengths_are_those_before_the_cut(features):
    assert features["token_count"].shape == (5, 1)
    assert [len(row) for row in features["token_ids"]] == [0, 9, 3, 400, 2]
    assert features["token_count"][:, 0].numpy().tolist() == [0, 9, 3, 10_000, 2]


def test_tokens_are_the_same_eagerly_in_tf_data_and_in_a_graph():
    eager = preprocessing.tokens(tf.constant(TEXTS)).to_list()
    data = tf.data.Dataset.from_tensor_slices([TEXTS]).map(preprocessing.tokens)
    assert next(iter(data)).to_list() == eager
    assert tf.function(preprocessing.tokens)(tf.constant(TEXTS)).to_list() == eager


def test_a_review_does_not_depend_on_its_batch(output, features):
    layer = output.transform_features_layer()
    for number, text in enumerate(TEXTS):
        alone = layer({"text": tf.constant([[text]])})
        assert alone["token_ids"].values.numpy().tolist() == features["token_ids"][number]


def test_the_label_passes_unchanged_and_need_not_be_there(output, features):
    assert "positive" not in features
    raw = {
        "text": tf.constant([["a"], ["b"]]),
        "positive": tf.constant([[1], [0]], tf.int64),
        "source": tf.constant([["imdb"]] * 2),
        "length": tf.constant([["up to 15 words"]] * 2),
    }
    np.testing.assert_array_equal(output.transform_features_layer()(raw)["positive"], [[1], [0]])
