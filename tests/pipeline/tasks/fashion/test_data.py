import gzip
import inspect
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components import progress
from components.errors import DataRefused, UsageError
from pipeline import tasks, tfrecords
from pipeline.tasks.fashion import data
from pipeline.tasks.fashion.data import prepare

TRAIN, EVAL = 60, 14


def _idx(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">i4").tobytes()
    return gzip.compress(head + values.astype(np.uint8).tobytes())


def _write(folder: Path, **changes: np.ndarray) -> Path:
    """A small set of the shape of Fashion-MNIST: each picture is filled with its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for start, count in (("train", TRAIN), ("t10k", EVAL)):
        numbers = np.arange(count)
        pixels = np.broadcast_to(numbers[:, None, None], (count, 28, 28))
        content = {f"{start}_images": pixels, f"{start}_labels": numbers % 10} | changes
        (folder / f"{start}-images-idx3-ubyte.gz").write_bytes(_idx(content[f"{start}_images"]))
        (folder / f"{start}-labels-idx1-ubyte.gz").write_bytes(_idx(content[f"{start}_labels"]))
    return folder


@pytest.fixture
def idx(tmp_path) -> Path:
    return _write(tmp_path / "idx")


def _rows(folder: Path, split: str) -> list[tuple[int, int, str]]:
    """The number that fills each picture, the label and its name."""
    found = []
    for path in sorted(folder.glob(f"{split}-*.gz")):
        for record in tfrecords.records(path):
            features = tf.train.Example.FromString(record).features.feature
            assert set(features) == {"image", "label", "class_name"}
            pixels = tf.io.decode_png(features["image"].bytes_list.value[0])
            assert pixels.shape[2] == 1
            name = features["class_name"].bytes_list.value[0].decode()
            found.append((int(pixels[0, 0, 0]), features["label"].int64_list.value[0], name))
    return found


def test_all_pictures_become_records_in_the_split_that_they_have(idx, tmp_path):
    assert prepare(tmp_path / "out", str(idx), rows=70_000) == {"train": TRAIN, "eval": EVAL}
    for split, count in (("train", TRAIN), ("eval", EVAL)):
        rows = _rows(tmp_path / "out", split)
        assert sorted(number for number, *_ in rows) == list(range(count))
        assert all(label == number % 10 and name == data.CLASSES[label] for number, label, name in rows)


def test_a_sample_is_seeded_a_seventh_of_it_for_evaluation_and_part_of_a_larger_one(idx, tmp_path):
    drawn = {}
    for number, (rows, seed) in enumerate([(28, 0), (28, 0), (28, 1), (14, 0)]):
        folder = tmp_path / str(number)
        assert prepare(folder, str(idx), rows=rows, seed=seed) == {"train": rows - rows // 7, "eval": rows // 7}
        drawn[number] = {row[0] for row in _rows(folder, "train")}
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert drawn[3] < drawn[0]


def test_the_same_arguments_write_the_same_bytes_and_a_second_time_nothing(idx, tmp_path):
    for name in ("one", "two"):
        prepare(tmp_path / name, str(idx), rows=21)
    assert _rows(tmp_path / "one", "train") == _rows(tmp_path / "two", "train")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").iterdir()}
    prepare(tmp_path / "one", str(idx), rows=21)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "one").iterdir()} == written
    prepare(tmp_path / "one", str(idx), rows=14)
    assert len(_rows(tmp_path / "one", "train")) == 12


def test_other_files_are_prepared_again(idx, tmp_path):
    prepare(tmp_path / "out", str(idx))
    prepare(tmp_path / "out", str(_write(tmp_path / "idx", train_labels=np.zeros(TRAIN))))
    assert {label for _, label, _ in _rows(tmp_path / "out", "train")} == {0}


def test_without_the_package_digits_stand_in_and_it_is_said_aloud(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "DEBIAN", tmp_path / "nowhere")
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(tmp_path / "events"))
    counts = prepare(tmp_path / "out", rows=700)
    assert counts == {"train": 600, "eval": 100}
    event = json.loads((tmp_path / "events").read_text())
    assert event["event"] == "notice"
    assert "digits" in event["message"]
    assert "apt-get install dataset-fashion-mnist" in event["message"]
    rows = _rows(tmp_path / "out", "eval")
    assert all(name == str(label) for _, label, name in rows)
    assert len(Counter(label for _, label, _ in rows)) == 10


def test_the_digits_are_split_once_for_all(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "DEBIAN", tmp_path / "nowhere")
    train, held_out = data.pictures("train"), data.pictures("eval")
    assert len(train.labels) + len(held_out.labels) == 1797
    assert 200 < len(held_out.labels) < 320
    assert train.pixels.max() == 255


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_a_folder_without_a_file_is_bad_usage_that_says_what_to_do(idx, tmp_path, name):
    (idx / name).unlink()
    with pytest.raises(UsageError) as caught:
        prepare(tmp_path / "out", str(idx))
    assert f"without {name}" in str(caught.value)
    assert "apt-get install dataset-fashion-mnist" in str(caught.value)
    assert "data.params.idx_path" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"no gzip", "readable gzip"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc"), "IDX file of bytes"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\x01abcd"), "IDX file of bytes"),
        (gzip.compress(b"\0\0"), "IDX file of bytes"),
        (_idx(np.arange(TRAIN)), "label from 0 to 9"),
        (_idx(np.zeros(3)), "label from 0 to 9"),
    ],
)
def test_a_file_that_is_none_is_refused(idx, tmp_path, content, rule):
    (idx / "train-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.raises(DataRefused, match=rule):
        prepare(tmp_path / "out", str(idx))


@pytest.mark.parametrize("argument", [{"rows": 6}, {"rows": 1.5}, {"shards": 0}, {"shards": True}])
def test_an_argument_out_of_range_is_bad_usage(idx, tmp_path, argument):
    with pytest.raises(UsageError, match=f"`{next(iter(argument))}` must be a whole number"):
        prepare(tmp_path / "out", str(idx), **argument)


def test_the_task_names_every_parameter():
    parameters = inspect.signature(prepare).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items() if name != "folder"}
    assert tasks.load("fashion").data.params == defaults


@pytest.mark.skipif(not data.DEBIAN.is_dir(), reason="dataset-fashion-mnist is not installed; `make data` does")
def test_the_real_pictures():
    held_out = data.pictures("eval")
    assert held_out.pixels.shape == (10_000, 28, 28)
    assert Counter(held_out.labels.tolist()) == dict.fromkeys(range(10), 1000)
