import json
import os
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.components.example_gen.base_example_gen_executor import _PartitionFn as tfx_partition
from tfx.proto import example_gen_pb2

from components.errors import DataRefused
from pipeline import data_check
from pipeline.data_check import hash_split, verify
from pipeline.data_source import find
from tests.pipeline.record_files import rows, write

PATTERNS = {"train": "train-*", "eval": "eval-*"}


@pytest.fixture
def folder(tmp_path) -> Path:
    write(tmp_path / "data" / "train-0.tfrecord.gz", rows(6))
    write(tmp_path / "data" / "train-1.tfrecord.gz", rows(4))
    write(tmp_path / "data" / "eval-0.tfrecord.gz", rows(3))
    return tmp_path / "data"


def _verified(folder: Path, cache: Path | None = None) -> dict[str, int]:
    return verify(find(folder, PATTERNS, 0.2), cache)


def _refusal(folder: Path) -> str:
    with pytest.raises(DataRefused) as caught:
        _verified(folder)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_rows_are_counted_per_split(folder):
    assert _verified(folder) == {"train": 10, "eval": 3}


def test_rows_that_are_split_by_hash_are_counted_together(tmp_path):
    write(tmp_path / "part.tfrecord", rows(40), "")
    assert _verified(tmp_path) == {"all": 40}


def _cut_gzip(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _cut_plain(path: Path) -> None:
    plain = write(path.with_suffix(""), rows(4), "")
    plain.write_bytes(plain.read_bytes()[:-9])
    path.unlink()


def _altered(path: Path) -> None:
    plain = write(path.with_suffix(""), rows(4), "")
    content = bytearray(plain.read_bytes())
    content[len(content) // 2 + 20] ^= 1
    plain.write_bytes(bytes(content))
    path.unlink()


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("a,b\n1,2\n3,4\n5,6\n")


def _other_bytes(path: Path) -> None:
    write(path, [*rows(2), b"\xff\xff\xff words"])


def _broken_deep_inside(path: Path) -> None:
    """A map entry whose value is no Feature: TensorFlow's own parser reads over it."""
    write(path, [*rows(1), b"\n\x0a\n\x08\n\x01k\x12\x03\xff\xff\xff"])


def _no_features(path: Path) -> None:
    write(path, [b""] * 3)


def _sequence(path: Path, context: bool) -> None:
    sequence = tf.train.SequenceExample()
    sequence.feature_lists.feature_list["word"].feature.add().bytes_list.value.append(b"x")
    if context:
        sequence.context.feature["id"].int64_list.value.append(1)
    write(path, [sequence.SerializeToString()])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_cut_gzip, "train-1.tfrecord.gz, record 4: the gzip stream ends early"),
        (_cut_plain, "train-1.tfrecord, record 3: the file ends inside it"),
        (_altered, "train-1.tfrecord, record 2: the checksum of its data is wrong"),
        (_emptied, "train-1.tfrecord.gz, record 0: the file is empty"),
        (_text, "train-1.tfrecord.gz, record 0: the checksum of its length is wrong"),
        (_other_bytes, "train-1.tfrecord.gz, record 2: it is not a tf.train.Example"),
        (_broken_deep_inside, "train-1.tfrecord.gz, record 1: it is not a tf.train.Example"),
        (_no_features, "train-1.tfrecord.gz, record 0: neither it nor any other record of the file has a feature"),
        (lambda path: _sequence(path, context=False), "a tf.train.SequenceExample looks like this"),
        (lambda path: _sequence(path, context=True), "a tf.train.SequenceExample looks like this"),
    ],
)
def test_what_is_broken_is_refused_with_file_record_and_reason(folder, spoil, message):
    spoil(folder / "train-1.tfrecord.gz")
    assert message in _refusal(folder)


def test_a_row_without_features_may_stand_among_others(folder):
    write(folder / "eval-0.tfrecord.gz", [*rows(1), b""])
    assert _verified(folder)["eval"] == 2


def test_a_file_that_cannot_be_read_is_refused(folder, monkeypatch):
    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(data_check.tfrecords, "records", denied)
    assert "eval-0.tfrecord.gz: Permission denied" in _refusal(folder) or "train-0" in _refusal(folder)


def test_a_split_without_rows_is_refused(folder):
    write(folder / "eval-0.tfrecord.gz", [])
    write(folder / "eval-1.tfrecord.gz", [])
    assert "Every split must hold rows. Received: `eval` has none" in _refusal(folder)


def test_a_split_by_hash_that_leaves_a_split_empty_is_refused(tmp_path):
    write(tmp_path / "part.tfrecord", rows(1), "")
    assert "has none after a split of 1 rows by hash" in _refusal(tmp_path)


def test_rows_hash_into_the_splits_that_tfx_gives_them():
    buckets = {"train": 70, "eval": 30}
    config = example_gen_pb2.SplitConfig()
    for record in rows(200):
        number = tfx_partition(tf.train.Example.FromString(record), 2, [70, 100], config)
        assert hash_split(record, buckets) == ["train", "eval"][number]


def test_an_unchanged_folder_is_not_read_again(folder, tmp_path, monkeypatch):
    cache = tmp_path / "cache" / "verified.json"
    assert _verified(folder, cache) == {"train": 10, "eval": 3}
    monkeypatch.setattr(data_check, "_read_file", lambda *args: pytest.fail("read again"))
    assert _verified(folder, cache) == {"train": 10, "eval": 3}


@pytest.mark.parametrize("change", ["content", "time", "name", "damage"])
def test_a_changed_folder_is_read_again(folder, tmp_path, monkeypatch, change):
    cache = tmp_path / "verified.json"
    _verified(folder, cache)
    path = folder / "eval-0.tfrecord.gz"
    if change == "content":
        write(path, rows(7))
    elif change == "time":
        os.utime(path, ns=(0, 0))
    elif change == "name":
        path.rename(folder / "eval-1.tfrecord.gz")
    else:
        cache.write_text(json.dumps({"state": 1}))
    read = []
    original = data_check._read_file
    monkeypatch.setattr(data_check, "_read_file", lambda *args: read.append(args[1]) or original(*args))
    assert _verified(folder, cache) == {"train": 10, "eval": 7 if change == "content" else 3}
    assert len(read) == 3


def test_what_was_refused_is_not_remembered(folder, tmp_path):
    cache = tmp_path / "verified.json"
    _cut_gzip(folder / "eval-0.tfrecord.gz")
    for _ in range(2):
        with pytest.raises(DataRefused):
            _verified(folder, cache)
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_does_no_harm(folder, tmp_path):
    (tmp_path / "file").write_text("")
    assert _verified(folder, tmp_path / "file" / "verified.json") == {"train": 10, "eval": 3}
