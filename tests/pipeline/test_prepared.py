import errno
import json
import os
import subprocess
from pathlib import Path

import pytest
import tensorflow as tf

from components.errors import ComponentFailed
from pipeline.prepared import MANIFEST, file_digest, write_once
from tests.pipeline.record_files import rows

SHARDS = {"train": 2, "eval": 1}


def _examples(count=9):
    for number, record in enumerate(rows(count)):
        yield "eval" if number % 3 == 0 else "train", record


def _write(folder: Path, examples=_examples, shards=SHARDS, **key):
    return write_once(folder, examples, shards=shards, key=key)


def _never():
    pytest.fail("written again")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_rows_are_dealt_to_the_shards_in_turn(tmp_path):
    assert _write(tmp_path) == {"train": 6, "eval": 3}
    assert {path.name for path in tmp_path.iterdir()} == {
        "train-00000-of-00002.tfrecord.gz",
        "train-00001-of-00002.tfrecord.gz",
        "eval-00000-of-00001.tfrecord.gz",
        MANIFEST,
    }
    shard = tf.data.TFRecordDataset(str(tmp_path / "train-00001-of-00002.tfrecord.gz"), "GZIP")
    assert list(shard.as_numpy_iterator()) == [rows(9)[number] for number in (2, 5, 8)]


def test_the_same_rows_give_the_same_bytes(tmp_path):
    _write(tmp_path / "a")
    _write(tmp_path / "b")
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")


def test_an_unchanged_folder_is_left_alone(tmp_path):
    _write(tmp_path, source="x")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert _write(tmp_path, _never, source="x") == {"train": 6, "eval": 3}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_another_key_writes_again_and_leaves_no_earlier_file(tmp_path):
    _write(tmp_path, source="x")
    (tmp_path / "verified.json").write_text("{}")
    assert _write(tmp_path, shards={"train": 1, "eval": 1}, source="y") == {"train": 6, "eval": 3}
    assert {path.name for path in tmp_path.iterdir()} == {
        "train-00000-of-00001.tfrecord.gz",
        "eval-00000-of-00001.tfrecord.gz",
        MANIFEST,
        "verified.json",
    }


@pytest.mark.parametrize("spoil", ["no manifest", "other manifest", "no shard", "cut shard"])
def test_what_is_not_whole_is_written_again(tmp_path, spoil):
    _write(tmp_path)
    before = _contents(tmp_path)
    shard = tmp_path / "eval-00000-of-00001.tfrecord.gz"
    match spoil:
        case "no manifest":
            (tmp_path / MANIFEST).unlink()
        case "other manifest":
            (tmp_path / MANIFEST).write_text(json.dumps([1]))
        case "no shard":
            shard.unlink()
        case "cut shard":
            shard.write_bytes(shard.read_bytes()[:-1])
    _write(tmp_path)
    assert _contents(tmp_path) == before


def _interrupted():
    yield from _examples(4)
    raise KeyboardInterrupt


def test_an_interruption_leaves_the_earlier_preparation(tmp_path):
    _write(tmp_path, source="x")
    before = _contents(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        _write(tmp_path, _interrupted, source="y")
    assert _contents(tmp_path) == before
    assert not any(path.is_dir() for path in tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed(tmp_path):
    (tmp_path / ".writing-abc").mkdir()
    (tmp_path / ".writing-abc" / "train-00000-of-00001.tfrecord.gz").write_bytes(b"half")
    (tmp_path / "train-00007-of-00008.tfrecord.gz").write_bytes(b"from an interrupted renaming")
    _write(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        tf.errors.ResourceExhaustedError(None, None, "train-0; No space left on device"),
    ],
)
def test_a_full_disk_is_one_line_and_leaves_the_earlier_preparation(tmp_path, monkeypatch, error):
    _write(tmp_path, source="x")
    before = _contents(tmp_path)

    def full(self, record):
        raise error

    monkeypatch.setattr(tf.io.TFRecordWriter, "write", full)
    with pytest.raises(ComponentFailed) as caught:
        _write(tmp_path, source="y")
    assert str(caught.value).startswith(f"The disk is full while writing TFRecords. Received: {tmp_path} with ")
    assert "MiB free" in str(caught.value)
    assert _contents(tmp_path) == before


def test_an_error_of_the_source_stays_what_it_is(tmp_path):
    def examples():
        raise FileNotFoundError("source.csv")
        yield

    with pytest.raises(FileNotFoundError):
        _write(tmp_path, examples)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    def denied(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(ComponentFailed, match="must be writable"):
        _write(tmp_path / "data")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one MiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    yield mount
    # Lazily: the writer that failed still holds its file open.
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


def test_a_disk_that_is_really_full(small_disk):
    _write(small_disk, source="small")
    before = _contents(small_disk)
    with pytest.raises(ComponentFailed, match="The disk is full"):
        _write(small_disk, lambda: (("train", os.urandom(1000)) for _ in range(2000)), source="large")
    assert _contents(small_disk) == before


def test_the_digest_is_that_of_the_content(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 10_000_000)
    assert file_digest(tmp_path / "a") == file_digest(str(tmp_path / "a"))
    (tmp_path / "b").write_bytes(b"x" * 9_999_999 + b"y")
    assert file_digest(tmp_path / "a") != file_digest(tmp_path / "b")
