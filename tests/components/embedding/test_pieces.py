"""Records in pieces: nothing is lost, and a piece is known by what is in it."""

import os

import pytest
import tensorflow as tf

from components.embedding.config import EmbeddingConfig
from components.embedding.fingerprint import module_digest
from components.embedding.pieces import Piece, Store, cut
from components.errors import DataRefused, UsageError


def write(path, records):
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for record in records:
            writer.write(record)
    return str(path)


def test_every_record_is_in_one_piece_in_order(tmp_path):
    first = write(tmp_path / "a.gz", [b"%d" % number for number in range(5)])
    second = write(tmp_path / "b.gz", [b"x", b"y"])
    empty = write(tmp_path / "c.gz", [])
    pieces = cut({"train": [first, empty, second], "eval": [second]}, rows=2)
    found = [(piece.split, piece.file, piece.first, piece.rows) for piece in pieces]
    assert found == [
        ("train", first, 0, 2),
        ("train", first, 2, 2),
        ("train", first, 4, 1),
        ("train", second, 0, 2),
        ("eval", second, 0, 2),
    ]
    assert pieces[3].digest == pieces[4].digest
    assert len({piece.digest for piece in pieces}) == 4


def test_the_border_between_two_records_counts(tmp_path):
    pieces = cut({"train": [write(tmp_path / "a", [b"ab", b"c"]), write(tmp_path / "b", [b"a", b"bc"])]}, rows=9)
    assert pieces[0].digest != pieces[1].digest


def test_a_broken_file_is_refused(tmp_path):
    (tmp_path / "a.gz").write_bytes(b"no gzip")
    with pytest.raises(DataRefused, match="must be readable"):
        cut({"train": [str(tmp_path / "a.gz")]}, rows=2)


def test_a_store_knows_what_is_missing(tmp_path):
    one, other = (Piece("train", "a", 0, 1, digest) for digest in ("1", "2"))
    again = Piece("eval", "b", 7, 1, "1")
    store = Store(tmp_path, {"module": "m"})
    assert store.missing([one, other, again]) == [again, other]
    store.path(one).write_bytes(b"")
    assert store.missing([one, other, again]) == [other]
    assert Store(tmp_path, {"module": "n"}).missing([one]) == [one]


def test_what_a_killed_process_has_left_is_swept_but_not_what_another_is_writing(tmp_path):
    (tmp_path / "old.gz.part").write_bytes(b"half")
    (tmp_path / "new.gz.part").write_bytes(b"half")
    os.utime(tmp_path / "old.gz.part", (0, 0))
    Store(tmp_path, {}).sweep()
    assert [path.name for path in tmp_path.iterdir()] == ["new.gz.part"]


def test_a_module_is_known_by_its_content(tmp_path, words_module):
    import shutil

    digest = module_digest(str(words_module))
    copied = shutil.copytree(words_module, tmp_path / "copy")
    assert module_digest(str(copied)) == digest
    vocabulary = copied / "assets" / "vocabulary.txt"
    vocabulary.write_text(vocabulary.read_text().replace("good", "best"))
    assert module_digest(str(copied)) != digest


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"module": None}, "embedding.module` must be given"),
        ({"feature": ""}, "--set embedding.feature=text"),
        ({"batch_size": 0}, "at least 1. Received: batch_size=0"),
        ({"rows_per_file": 0}, "rows_per_file"),
    ],
)
def test_an_incomplete_configuration_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        EmbeddingConfig(**{"module": "m", "feature": "x", **changes}).check()
