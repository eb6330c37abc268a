"""Features of a review.

| feature | made from | shape, dtype |
|---|---|---|
| `token_ids` | the first 400 tokens: 1 is the most frequent, the last id is any unknown | [batch, (tokens)], int64 |
| `token_count` | how many tokens there are, those too that are cut off | [batch, 1], int64 |
| `positive` | the label, where there is one | [batch, 1], int64 |

Tokens are words in lower case, numbers, exclamation and question marks. `token_ids` is a list without padding, sparse
in the graph: the input pipeline pads each batch with 0 to its longest review.
"""

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

LABEL = "positive"
VOCABULARY = "words"
MOST_TOKENS = 400
MOST_WORDS = 20_000

_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
# In order: line breaks of HTML, signs that are dropped, signs that are words, apostrophes, quotes around words.
_REPLACED = (
    (r"(?i)<br */?>", " "),
    (rf"[^\pL\pM\pN'{_APOSTROPHE}!?]+", " "),
    (r"[!?]", r" \0 "),
    (_APOSTROPHE, "'"),
    (r"(^|\s)'+|'+(\s|$)", " "),
)


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """Maps raw features to those of the model.

    Args:
        inputs: The features of the schema, [batch, 1].

    Returns:
        The table above; without the label when `inputs` has none.
    """
    words = tokens(inputs["text"][:, 0])
    outputs = {
        "token_ids": _ids(words[:, :MOST_TOKENS]).to_sparse(),
        "token_count": words.row_lengths()[:, tf.newaxis],
    }
    return {**outputs, LABEL: inputs[LABEL]} if LABEL in inputs else outputs


def tokens(texts: tf.Tensor) -> tf.RaggedTensor:
    """Returns the tokens of texts, [N] to [N, (tokens)].

    Example:
        >>> tokens(tf.constant(["<br />'Great', isn't it?!", ""])).to_list()
        [[b'great', b"isn't", b'it', b'?', b'!'], []]
    """
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    for pattern, replacement in _REPLACED:
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    # Last: it would end a text at a NUL character.
    return tf.strings.split(tf.strings.lower(texts, encoding="utf-8"))


def _ids(words: tf.RaggedTensor) -> tf.RaggedTensor:
    # With weights Transform counts the words of a batch in the graph, and Beam adds up these counts; without, every
    # single word of the data is an element for Beam.
    weights = tf.ones_like(words.flat_values, tf.float32)
    vocabulary = tft.vocabulary(words.flat_values, top_k=MOST_WORDS, weights=weights, vocab_filename=VOCABULARY)
    ids = tft.apply_vocabulary(words.flat_values, vocabulary, num_oov_buckets=1)
    return words.with_flat_values(ids + 1)
