"""Text, a row in each line."""

from collections.abc import Callable, Iterable

import tensorflow as tf

from components.trainer.sources import files
from components.trainer.sources.source import Features, Sharded


class Lines(Sharded):
    r"""The lines of text files, plain or gzip (`.gz`).

    Args:
        patterns: File patterns.
        parse: Makes features of a vector of lines, in TensorFlow's graph; None calls the line `text`. What it raises
            makes a line a broken one.

    Raises:
        DataRefused: A pattern matches no file.

    Example:
        A label and a text in each line, with a tab in between:

        >>> def parse(lines):
        ...     parts = tf.strings.split(lines, "\t", maxsplit=1).to_tensor(shape=[None, 2])
        ...     return {"label": tf.strings.to_number(parts[:, 0], tf.int64), "text": parts[:, 1]}
        >>> {name: value.numpy().tolist() for name, value in parse(tf.constant(["1\tgood", "0\tbad"])).items()}
        {'label': [1, 0], 'text': [b'good', b'bad']}
    """

    def __init__(self, patterns: str | Iterable[str], parse: Callable[[tf.Tensor], Features] | None = None) -> None:
        self.shards = files.matching(patterns)
        self._parse = parse

    def raw(self, shard: tf.Tensor) -> tf.data.Dataset:
        """See the base class."""
        return lines_of(shard)

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        return self._parse(raw) if self._parse else {"text": raw}


def lines_of(file: tf.Tensor) -> tf.data.Dataset:
    """Returns the lines of a text file, plain or gzip."""
    is_gzip = tf.strings.regex_full_match(file, r".*\.gz")
    return tf.data.TextLineDataset(file, compression_type=tf.where(is_gzip, "GZIP", ""))
