"""Rows of CSV files."""

import csv
import gzip
from collections.abc import Iterable, Mapping

import tensorflow as tf

from components.errors import DataRefused, did_you_mean
from components.trainer.sources import files
from components.trainer.sources.lines import lines_of
from components.trainer.sources.source import Features, Sharded

_END = "\0"


class Csv(Sharded):
    """CSV files with a header, plain or gzip (`.gz`), converted many rows at once.

    Args:
        patterns: File patterns; all files have the same columns.
        spec: Column to `tf.io.FixedLenFeature([], dtype, default_value)`, float32, float64, int32, int64 or string. An
            empty field takes the default; without one it makes the row a broken one, as a number that is none does.
        delimiter: What separates fields.
        newlines: Whether quoted fields may hold line breaks, which takes reading row by row.

    Raises:
        DataRefused: A pattern matches no file, a column is missing, or files differ in their columns.
    """

    def __init__(
        self,
        patterns: str | Iterable[str],
        spec: Mapping[str, tf.io.FixedLenFeature],
        delimiter: str = ",",
        newlines: bool = False,
    ) -> None:
        self.shards = files.matching(patterns)
        self._spec, self._delimiter, self._newlines = dict(spec), delimiter, newlines
        self._header = self._columns(self.shards[0])
        for file in self.shards[1:]:
            columns = self._columns(file)
            if columns != self._header:
                raise DataRefused(
                    "All files must have the same columns.",
                    received=f"{', '.join(self._header)} in {self.shards[0]}, {', '.join(columns)} in {file}",
                )
        for name in spec:
            if name not in self._header:
                raise DataRefused(
                    "Every column must be there.",
                    received=f"no {name} in {self.shards[0]}",
                    fix=did_you_mean(name, self._header),
                )

    def raw(self, shard: tf.Tensor) -> tf.data.Dataset:
        """See the base class."""
        rows = lines_of(shard)
        return (_whole_rows(rows) if self._newlines else rows).skip(1).filter(lambda row: tf.strings.length(row) > 0)

    def decode(self, raw: tf.Tensor) -> Features:
        """See the base class."""
        # Every column is read, so that a row with too many or too few of them is a broken one.
        columns = tf.io.decode_csv(raw, [self._default(name) for name in self._header], field_delim=self._delimiter)
        return {name: column for name, column in zip(self._header, columns, strict=True) if name in self._spec}

    def _default(self, name: str) -> tf.Tensor:
        if name not in self._spec:
            return tf.constant([""])
        kind = self._spec[name]
        return tf.constant([] if kind.default_value is None else [kind.default_value], kind.dtype)

    def _columns(self, file: str) -> list[str]:
        with tf.io.gfile.GFile(file, "rb") as opened:
            try:
                first = next(iter(gzip.GzipFile(fileobj=opened) if file.endswith(".gz") else opened), b"")
                return next(csv.reader([first.decode("utf-8-sig")], delimiter=self._delimiter), [])
            except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
                raise DataRefused("The header of a CSV file must be readable.", received=f"{file}: {error}") from None


def _whole_rows(lines: tf.data.Dataset) -> tf.data.Dataset:
    """Joins lines as long as a quote is open; one that never closes ends with the file, as a row of its own."""

    def join(open_row: tf.Tensor, line: tf.Tensor) -> tuple[tf.Tensor, tuple[tf.Tensor, tf.Tensor]]:
        at_end, is_open = line == _END, tf.strings.length(open_row) > 0
        row = tf.where(is_open & ~at_end, tf.strings.join([open_row, "\n", line]), tf.where(at_end, open_row, line))
        quotes = tf.strings.length(tf.strings.regex_replace(row, '[^"]', ""))
        goes_on = (quotes % 2 == 1) & ~at_end
        return tf.where(goes_on, row, ""), (tf.where(goes_on, "", row), ~goes_on)

    rows = lines.concatenate(tf.data.Dataset.from_tensors(_END)).scan(tf.constant(""), join)
    return rows.filter(lambda _, complete: complete).map(lambda row, _: row)
