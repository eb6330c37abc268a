import numpy as np
import pytest
import tensorflow as tf

from components.trainer import input_pipeline, sequences
from components.trainer.input_pipeline import InMemory, OnDisk, Reader

ROWS = 203
SPEC = {
    "ids": tf.io.VarLenFeature(tf.int64),
    "words": tf.io.VarLenFeature(tf.string),
    "y": tf.io.FixedLenFeature([], tf.int64),
}


def _length(row: int) -> int:
    return row * 7 % 61  # Every length from 0 to 60, in no order.


@pytest.fixture(scope="module", params=["memory", "disk"])
def split(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    with tf.io.TFRecordWriter(str(folder / "part.gz"), tf.io.TFRecordOptions("GZIP")) as writer:
        for row in range(ROWS):
            ids = tf.train.Int64List(value=[row + 1] * _length(row))
            words = tf.train.BytesList(value=[str(row).encode()] * (row % 3))
            features = {
                "ids": tf.train.Feature(int64_list=ids),
                "words": tf.train.Feature(bytes_list=words),
                "y": tf.train.Feature(int64_list=tf.train.Int64List(value=[row])),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    memory_mb = {"memory": 1, "disk": 0}[request.param]
    split = input_pipeline.read([str(folder / "*")], Reader(SPEC, "y"), memory_mb)
    assert isinstance(split, InMemory if memory_mb else OnDisk)
    return split


def _batches(split, count, **arguments):
    return list(split.training(batch_size=8, seed=1, **arguments).take(count).as_numpy_iterator())


def _check(features, label):
    for row, ids, words in zip(label, features["ids"], features["words"], strict=True):
        assert ids[: _length(row)].tolist() == [row + 1] * _length(row)
        assert not ids[_length(row) :].any()
        assert words.tolist() == [str(row).encode()] * (row % 3) + [b""] * (len(words) - row % 3)


def test_lists_are_padded_to_the_longest_of_the_batch(split):
    for features, label in _batches(split, 30):
        _check(features, label)
        assert features["ids"].shape == (8, max(1, *(_length(row) for row in label)))
    for features, label in split.evaluation(5).take(5).as_numpy_iterator():
        _check(features, label)


def test_rows_of_a_batch_are_of_similar_lengths(split):
    spreads = [np.ptp([_length(row) + row % 3 for row in label]) for _, label in _batches(split, 25)]
    # 8 of 200 sorted rows are next to each other; 8 random ones span about 48 of the 60.
    assert np.mean(spreads) < 5


def test_the_longest_rows_do_not_come_last(split):
    lengths = [np.mean([_length(row) for row in label]) for _, label in _batches(split, 25)]
    assert abs(np.corrcoef(lengths, range(25))[0, 1]) < 0.6  # 1 where batches stay sorted.


def test_a_pool_has_every_row_once(split):
    seen = np.concatenate([label for _, label in _batches(split, 25)])
    assert len(set(seen)) == 200


@pytest.mark.parametrize("step", [3, 25, 30])
def test_a_stream_that_goes_on_is_the_rest_of_the_stream(split, step):
    whole = [label.tolist() for _, label in _batches(split, 60)]
    rest = [label.tolist() for _, label in _batches(split, 60 - step, first_step=step)]
    assert rest == whole[step:]


def test_the_number_of_rows_is_known_before_they_are_read(split):
    features, label = split.training(batch_size=8, seed=1).element_spec
    assert features["ids"].shape[0] in (8, None)
    assert label.shape == [8]


def test_a_batch_of_nothing_has_one_step():
    empty = tf.RaggedTensor.from_row_lengths(tf.constant([], tf.int64), [0, 0])
    np.testing.assert_array_equal(sequences.padded(empty), [[0], [0]])
    np.testing.assert_array_equal(sequences.padded(empty.to_sparse()), [[0], [0]])
    words = tf.RaggedTensor.from_row_lengths(tf.constant([], tf.string), [0])
    np.testing.assert_array_equal(sequences.padded(words), [[b""]])


def test_dense_features_stay_as_they_are():
    dense = tf.ones([2, 3])
    assert sequences.padded(dense) is dense


@pytest.mark.parametrize(("rows", "batches"), [(5, 1), (64, 8), (10_000, 50)])
def test_a_pool_is_not_more_than_a_pass(rows, batches):
    assert sequences.pool_batches(rows, batch_size=8) == batches
