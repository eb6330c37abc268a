"""BERT's tokenizer as a graph: texts to the ids of word pieces, with TensorFlow's own operations alone.

So an exported model holds its tokenizer, and whatever serves TensorFlow models can serve it: the operations of
tensorflow_text would have to be registered there first.

What happens to a single character (control characters go, white space becomes a blank, punctuation stands alone,
accents and capitals go) is looked up in a table that Python's `unicodedata` fills. It follows the tokenizer of the
published uncased models but for special tokens: `[SEP]` in a text is three pieces.
"""

import functools
import sys
import unicodedata
from collections.abc import Sequence

import tensorflow as tf

PADDING, UNKNOWN, START, END = "[PAD]", "[UNK]", "[CLS]", "[SEP]"

_LONGEST_WORD = 100  # Longer words are unknown.
_SAME = "\0"  # In the table of characters; the character itself never gets there.
# Too many for the table.
_PRIVATE = r"\p{Co}"
_CJK = (
    r"[\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{20000}-\x{2A6DF}\x{2A700}-\x{2B73F}\x{2B740}-\x{2B81F}\x{2B920}-\x{2CEAF}"
    r"\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}]"
)


class WordPieceTokenizer(tf.Module):
    """Splits texts at blanks and punctuation, and words into the longest pieces that the vocabulary has.

    Args:
        vocabulary: The pieces in the order of their ids, `##` before those that go on a word.

    Example:
        >>> tokenizer = WordPieceTokenizer(["[PAD]", "[UNK]", "un", "##afford", "##able", "!"])
        >>> tokenizer(tf.constant(["Unaffordable!", "Ünäffördäble?", ""])).to_list()
        [[2, 3, 4, 5], [2, 3, 4, 1], []]
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        super().__init__()
        self._unknown = vocabulary.index(UNKNOWN)
        self._longest = max(len(piece.removeprefix("##")) for piece in vocabulary)
        self._ids = _table(vocabulary, range(len(vocabulary)), tf.int64, -1)
        meanings = _meanings()
        self._meanings = _table(list(meanings), list(meanings.values()), tf.string, _SAME)

    def __call__(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of texts, [N] string to [N, (pieces)] int64, without start, end and padding."""
        words = self._words(texts)
        different, place = tf.unique(words.flat_values)
        pieces = tf.gather(self._pieces(different), place)
        return words.with_flat_values(pieces).merge_dims(1, 2)

    def _words(self, texts: tf.Tensor) -> tf.RaggedTensor:
        texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
        texts = tf.strings.regex_replace(texts, _PRIVATE, "")
        texts = tf.strings.regex_replace(texts, _CJK, r" \0 ")
        characters = tf.strings.unicode_split(texts, "UTF-8")
        found = self._meanings.lookup(characters.flat_values)
        meanings = tf.where(found == _SAME, characters.flat_values, found)
        return tf.strings.split(tf.strings.reduce_join(characters.with_flat_values(meanings), axis=-1))

    def _pieces(self, words: tf.Tensor) -> tf.RaggedTensor:
        """Returns the ids of each word, [N] to [N, (pieces)]."""
        length = tf.strings.length(words, unit="UTF8_CHAR")

        def next_piece(start: tf.Tensor, ids: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            found, size = self._longest_piece(words, tf.where(start < length, start, 0), start > 0)
            going_on = start < length
            ids = tf.concat([ids, tf.where(going_on, found, -1)[:, tf.newaxis]], axis=1)
            # A word without a piece at some place is unknown as a whole.
            failed = going_on & (found == self._unknown)
            return tf.where(going_on & ~failed, start + size, length), ids

        start = tf.where(length > _LONGEST_WORD, length, 0)
        _, ids = tf.while_loop(
            lambda start, _: tf.reduce_any(start < length),
            next_piece,
            (start, tf.fill([tf.size(words), 0], tf.constant(-1, tf.int64))),
            shape_invariants=(tf.TensorShape([None]), tf.TensorShape([None, None])),
        )
        failed = tf.reduce_any(ids == self._unknown, axis=1) | (length > _LONGEST_WORD)
        unknown = tf.where(failed, tf.constant(self._unknown, tf.int64), -1)[:, tf.newaxis]
        ids = tf.concat([unknown, tf.where(failed[:, tf.newaxis], tf.constant(-1, tf.int64), ids)], axis=1)
        return tf.ragged.boolean_mask(ids, ids >= 0)

    def _longest_piece(self, words: tf.Tensor, start: tf.Tensor, inside: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the id of the longest piece at a place of each word, and its length in characters."""
        sizes = tf.range(self._longest, 0, -1)[tf.newaxis]
        shape = [tf.size(words), self._longest]
        candidates = tf.strings.substr(
            tf.broadcast_to(words[:, tf.newaxis], shape),
            tf.broadcast_to(start[:, tf.newaxis], shape),
            tf.broadcast_to(sizes, shape),
            unit="UTF8_CHAR",
        )
        candidates = tf.where(inside, "##", "")[:, tf.newaxis] + candidates
        ids = self._ids.lookup(candidates)
        first = tf.argmax(ids >= 0, axis=1, output_type=tf.int32)  # Of several largest ones, argmax takes the first.
        found = tf.gather(ids, first, batch_dims=1)
        size = tf.strings.length(tf.gather(candidates, first, batch_dims=1), unit="UTF8_CHAR")
        return tf.where(found >= 0, found, self._unknown), size - tf.where(inside, 2, 0)


def _table(
    keys: Sequence[str], values: Sequence[int] | Sequence[str] | range, kind: tf.DType, default: int | str
) -> tf.lookup.StaticHashTable:
    entries = tf.lookup.KeyValueTensorInitializer(list(keys), list(values), tf.string, kind)
    return tf.lookup.StaticHashTable(entries, default)


@functools.cache
def _meanings() -> dict[str, str]:
    """Returns what becomes of each character that does not stay as it is, but for those of the patterns above."""
    characters = (chr(code) for code in range(sys.maxunicode + 1))
    return {
        character: meaning
        for character in characters
        if unicodedata.category(character) not in ("Cn", "Co", "Cs") and (meaning := _meaning(character)) != character
    }


def _meaning(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "Z" or character in "\t\n\r":
        return " "
    if category[0] == "C" or character == "\N{REPLACEMENT CHARACTER}":
        return ""
    if character.isascii():
        return f" {character} " if _is_punctuation(character) else character.lower()
    parts = (part for part in unicodedata.normalize("NFD", character) if unicodedata.category(part) != "Mn")
    return "".join(f" {part} " if _is_punctuation(part) else part.lower() for part in parts)


def _is_punctuation(character: str) -> bool:
    # All signs of ASCII count, those too which Unicode calls symbols.
    return unicodedata.category(character)[0] == "P" or (
        character.isascii() and unicodedata.category(character)[0] == "S"
    )
