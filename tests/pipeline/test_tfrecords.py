import gzip
import struct
import zlib
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.errors import UsageError
from pipeline.tf_example import example
from pipeline.tfrecords import BrokenRecord, compression, records
from tests.pipeline.record_files import rows, write

SHARED_FOLDER = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _read(path: Path) -> list[bytes]:
    return list(records(path))


def _broken(path: Path) -> BrokenRecord:
    with pytest.raises(BrokenRecord) as caught:
        _read(path)
    return caught.value


def test_an_example_has_the_types_of_its_values():
    features = {"i": 3, "f": 2.5, "s": "ü", "b": b"\xff", "many": [1, 2], "absent": None, "none": []}
    message = tf.train.Example.FromString(example(features))
    assert {name: value.WhichOneof("kind") for name, value in message.features.feature.items()} == {
        "i": "int64_list",
        "f": "float_list",
        "s": "bytes_list",
        "b": "bytes_list",
        "many": "int64_list",
    }
    assert message.features.feature["s"].bytes_list.value == ["ü".encode()]
    assert message.features.feature["many"].int64_list.value == [1, 2]


def test_an_example_is_the_same_whatever_the_order_of_its_features():
    assert example({"a": 1, "b": 2.0}) == example({"b": 2.0, "a": 1})


def test_numpy_values_are_as_good():
    arrays = {"a": np.arange(3), "b": np.array([0.5, 1], np.float32), "c": np.float32(2), "d": np.array(["x"])}
    assert example(arrays) == example({"a": [0, 1, 2], "b": [0.5, 1.0], "c": 2.0, "d": "x"})


@pytest.mark.parametrize("value", [2**63, [1, 2.0], ["a", 1], [None], {"a": 1}, np.zeros((2, 2))])
def test_a_value_of_another_type_is_bad_usage(value):
    with pytest.raises(UsageError, match="Received: x="):
        example({"x": value})


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(st.binary(max_size=300), min_size=1, max_size=8), kind=st.sampled_from(["GZIP", ""]))
def test_what_tensorflow_writes_is_read_back(tmp_path, written, kind):
    path = write(tmp_path / "file", written, kind)
    assert _read(path) == written
    assert compression(path) == ("gzip" if kind else "plain")


def test_gzip_files_may_be_joined(tmp_path):
    one = write(tmp_path / "one", rows(2)).read_bytes()
    (tmp_path / "two").write_bytes(one + one)
    assert _read(tmp_path / "two") == rows(2) * 2


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"a,b,c\n1,2,3\n4,5,6\n", bytes(12), gzip.compress(b"text" * 9)])
def test_other_files_are_not_recognised(tmp_path, content):
    (tmp_path / "file.tfrecord").write_bytes(content)
    assert compression(tmp_path / "file.tfrecord") is None


def test_a_file_that_does_not_exist_is_not_recognised(tmp_path):
    assert compression(tmp_path / "nothing") is None


def test_a_gzip_file_cut_between_two_records_is_broken_after_the_last_whole_one(tmp_path):
    plain = write(tmp_path / "plain", rows(3), "").read_bytes()
    compressor = zlib.compressobj(wbits=31)
    path = tmp_path / "cut"
    path.write_bytes(compressor.compress(plain) + compressor.flush(zlib.Z_SYNC_FLUSH))
    assert len(list(tf.data.TFRecordDataset(str(path), "GZIP"))) == 3  # TensorFlow says nothing.
    assert str(_broken(path)) == "record 3: the gzip stream ends early"


def test_the_number_of_the_broken_record_is_told(tmp_path):
    path = write(tmp_path / "file", rows(5), "")
    content = bytearray(path.read_bytes())
    content[2 * len(content) // 5 + 20] ^= 1  # The five records are of one length.
    path.write_bytes(bytes(content))
    assert str(_broken(path)) == "record 2: the checksum of its data is wrong"


def test_an_empty_file_is_broken(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert _broken(tmp_path / "file").reason == "the file is empty"


def test_random_bytes_are_broken_at_the_first_record(tmp_path):
    (tmp_path / "file").write_bytes(bytes(range(256)) * 4)
    assert str(_broken(tmp_path / "file")) == "record 0: the checksum of its length is wrong"


@pytest.mark.parametrize("kind", ["GZIP", ""])
def test_a_length_beyond_the_file_takes_no_memory(tmp_path, kind):
    length = struct.pack("<Q", 2**60)
    crc = google_crc32c.value(length)
    content = length + struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF) + b"x" * 50
    (tmp_path / "file").write_bytes(gzip.compress(content) if kind else content)
    assert _broken(tmp_path / "file").reason == "the file ends inside it"


@SHARED_FOLDER
@given(position=st.floats(0, 1, exclude_max=True), kind=st.sampled_from(["GZIP", ""]))
def test_no_cut_passes(tmp_path, position, kind):
    """A plain file cut exactly between two records is a shorter file: nothing in the format says otherwise."""
    path = write(tmp_path / "file", rows(5), kind)
    content = path.read_bytes()
    kept = int(position * len(content))
    path.write_bytes(content[:kept])
    if not kind and kept and kept % (len(content) // 5) == 0:
        assert _read(path) == rows(5)[: 5 * kept // len(content)]
    else:
        _broken(path)


@SHARED_FOLDER
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), kind=st.sampled_from(["GZIP", ""]))
def test_no_flipped_bit_changes_a_record(tmp_path, position, bit, kind):
    """Gzip's own header has bits without a meaning for the content, such as its time."""
    path = write(tmp_path / "file", rows(5), kind)
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 1 << bit
    path.write_bytes(bytes(content))
    try:
        assert _read(path) == rows(5)
    except BrokenRecord:
        return
    assert kind == "GZIP"
