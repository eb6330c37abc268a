import gzip

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.errors import DataRefused
from components.trainer import input_pipeline
from components.trainer.input_pipeline import InMemory, OnDisk, Reader
from components.trainer.sources import order

ROWS = 103  # A prime number: no batch size divides it.
SHARDS = 3
SPEC = {
    "x": tf.io.FixedLenFeature([2], tf.float32),
    "word": tf.io.FixedLenFeature([], tf.string),
    "y": tf.io.FixedLenFeature([], tf.int64),
}
READER = Reader(SPEC, label="y")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    for shard in range(SHARDS):
        with tf.io.TFRecordWriter(str(folder / f"part-{shard}.gz"), tf.io.TFRecordOptions("GZIP")) as writer:
            for row in range(shard, ROWS, SHARDS):
                writer.write(_example(row))
    return folder


def _example(row: int) -> bytes:
    features = {
        "x": tf.train.Feature(float_list=tf.train.FloatList(value=[row, -row])),
        "word": tf.train.Feature(bytes_list=tf.train.BytesList(value=[str(row).encode()])),
        "y": tf.train.Feature(int64_list=tf.train.Int64List(value=[row])),
        "odd": tf.train.Feature(int64_list=tf.train.Int64List(value=[row] if row % 2 else [])),
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


@pytest.fixture(scope="module")
def splits(folder):
    pattern = [str(folder / "*")]
    splits = {
        "memory": input_pipeline.read(pattern, READER, memory_mb=1),
        "disk": input_pipeline.read(pattern, READER, memory_mb=0, shuffle_buffer=40),
    }
    assert isinstance(splits["memory"], InMemory)
    assert isinstance(splits["disk"], OnDisk)
    return splits


@pytest.fixture(params=["memory", "disk"])
def split(splits, request):
    return splits[request.param]


def labels(dataset: tf.data.Dataset, batches: int) -> np.ndarray:
    return np.concatenate([label for _, label in dataset.take(batches).as_numpy_iterator()])


def test_a_batch_is_features_and_label_of_the_same_rows(split):
    features, label = next(split.training(batch_size=8, seed=1).as_numpy_iterator())
    assert set(features) == {"x", "word"}
    np.testing.assert_array_equal(features["x"], np.stack([label, -label], axis=1))
    assert [int(word) for word in features["word"]] == label.tolist()


def test_each_pass_has_every_row_once_in_an_order_of_its_own(split):
    assert split.rows == ROWS
    seen = labels(split.training(batch_size=10, seed=1), batches=31)[: 3 * ROWS].reshape(3, ROWS)
    assert (np.sort(seen, axis=1) == np.arange(ROWS)).all()
    for one, other in [(0, 1), (1, 2)]:
        assert (seen[one] != seen[other]).mean() > 0.8
    assert (seen[0] != np.arange(ROWS)).mean() > 0.8


def test_batches_are_full_and_their_shape_is_known_before_they_are_read(split):
    dataset = split.training(batch_size=10, seed=1)
    assert all(len(label) == 10 for _, label in dataset.take(25).as_numpy_iterator())
    assert dataset.element_spec[1].shape == [10]


def test_the_same_seed_gives_the_same_batches_and_another_seed_others(split):
    one, again, other = (labels(split.training(10, seed), batches=30) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).mean() > 0.8


@pytest.mark.parametrize("step", [1, 10, 11, 25])
def test_a_stream_that_goes_on_is_the_rest_of_the_stream(split, step):
    whole = labels(split.training(10, seed=3), batches=30)
    np.testing.assert_array_equal(labels(split.training(10, seed=3, first_step=step), 30 - step), whole[10 * step :])


@pytest.mark.parametrize("batches", [1, 4, 10, ROWS])
def test_validation_has_every_row_once_in_batches_of_nearly_one_size(split, batches):
    first = list(split.evaluation(batches).take(batches).as_numpy_iterator())
    sizes = [len(label) for _, label in first]
    assert max(sizes) - min(sizes) <= 1
    seen = np.concatenate([label for _, label in first])
    assert sorted(seen) == list(range(ROWS))
    twice = labels(split.evaluation(batches), 2 * batches)
    np.testing.assert_array_equal(twice, np.concatenate([seen, seen]))


def test_memory_and_disk_validate_on_the_same_rows_in_the_same_order(splits):
    memory, disk = (labels(splits[name].evaluation(7), batches=7) for name in ("memory", "disk"))
    np.testing.assert_array_equal(memory, disk)


@settings(max_examples=50, deadline=None)
@given(rows=st.integers(1, 500), seed=st.integers(-(2**40), 2**40), number=st.integers(0, 10**6))
def test_any_pass_over_any_number_of_rows_is_a_permutation(rows, seed, number):
    position = tf.range(rows, dtype=tf.int64) + number * rows
    assert sorted(order.shuffled(position, rows, seed).numpy()) == list(range(rows))


def test_a_row_is_as_likely_at_any_place(splits):
    # 600 passes over 103 rows: a row is among the first 10 in 9.7 % of them; the bounds are 5 standard deviations.
    passes = labels(splits["memory"].training(ROWS, seed=0), batches=600).reshape(600, ROWS)
    share = (passes[:, :10] == 7).any(axis=1).mean()
    assert abs(share - 10 / ROWS) < 5 * np.sqrt(10 / ROWS * (1 - 10 / ROWS) / 600)


def test_optional_features_are_padded(folder):
    spec = {"odd": tf.io.VarLenFeature(tf.int64), "y": SPEC["y"]}
    split = input_pipeline.read([str(folder / "*")], Reader(spec, "y"), memory_mb=1)
    features, label = next(iter(split.training(20, seed=1)))
    np.testing.assert_array_equal(features["odd"][:, 0], [value if value % 2 else 0 for value in label.numpy()])


def test_several_patterns_make_one_split(folder):
    patterns = [str(folder / "part-0*"), str(folder / "part-1*")]
    assert input_pipeline.read(patterns, READER, memory_mb=1).rows == len(range(0, ROWS, 3)) + len(range(1, ROWS, 3))


@pytest.mark.parametrize("memory_mb", [0, 1])
def test_a_split_without_rows_is_refused(tmp_path, memory_mb):
    with pytest.raises(DataRefused, match="A split must hold rows"):
        input_pipeline.read([str(tmp_path / "*")], READER, memory_mb)
    with tf.io.TFRecordWriter(str(tmp_path / "empty.gz"), tf.io.TFRecordOptions("GZIP")):
        pass
    with pytest.raises(DataRefused, match="A split must hold rows"):
        input_pipeline.read([str(tmp_path / "*")], READER, memory_mb)


@pytest.mark.parametrize("memory_mb", [0, 1])
@pytest.mark.parametrize("damage", ["corrupt", "foreign"])
def test_a_file_that_cannot_be_read_is_refused(folder, tmp_path, memory_mb, damage):
    records = bytearray(gzip.decompress((folder / "part-0.gz").read_bytes()))
    records[40] ^= 1
    content = {"corrupt": gzip.compress(bytes(records)), "foreign": b"fare,tips\n1,2\n"}
    (tmp_path / "part.gz").write_bytes(content[damage])
    with pytest.raises(DataRefused, match="must be readable"):
        input_pipeline.read([str(tmp_path / "*")], READER, memory_mb)
