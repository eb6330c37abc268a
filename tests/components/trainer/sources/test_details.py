"""What is particular to one kind of source, to augmentation, to lists, and to the caches."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.errors import DataRefused, UsageError
from components.trainer import input_pipeline
from components.trainer.image_augmentation import CropAndFlip
from components.trainer.input_config import InputConfig
from components.trainer.sources import Arrays, Audio, Csv, Generated, Images, Lines
from components.trainer.sources import audio as audio_source
from components.trainer.sources.packed import PackedOnDisk
from tests.components.trainer.sources import kinds

NONE = InputConfig(cache="none")


def rows_of(source):
    """Returns the columns of all rows in order."""
    split = input_pipeline.from_source(source, "label")
    features, label = next(split.evaluation(1).as_numpy_iterator())
    return {**features, "label": label}


def test_quoted_fields_of_a_csv_may_hold_everything(tmp_path):
    text = '\ufefflabel,text,n\r\n1,"a, ""b""\nand c",2\r\n\n0,,3\n'
    (tmp_path / "a.csv").write_bytes(text.encode())
    spec = {
        "label": tf.io.FixedLenFeature([], tf.int64),
        "text": tf.io.FixedLenFeature([], tf.string, "nothing"),
    }
    found = rows_of(Csv(str(tmp_path / "a.csv"), spec, newlines=True))
    assert found["text"].tolist() == [b'a, "b"\nand c', b"nothing"]
    assert found["label"].tolist() == [1, 0]
    with pytest.raises(DataRefused, match="record 1: "):
        rows_of(Csv(str(tmp_path / "a.csv"), spec))


def test_a_quote_that_never_closes_is_not_lost_in_silence(tmp_path):
    (tmp_path / "a.csv").write_text('label,number\n1,2\n0,"3\n1,4\n')
    with pytest.raises(DataRefused, match="record 2: "):
        rows_of(Csv(str(tmp_path / "a.csv"), kinds.CSV_SPEC, newlines=True))


def test_columns_of_csv_files_are_checked_first(tmp_path):
    (tmp_path / "a.csv").write_text("label,number\n1,2\n")
    spec = {"lable": tf.io.FixedLenFeature([], tf.int64)}
    with pytest.raises(DataRefused, match="Did you mean 'label'"):
        Csv(str(tmp_path / "a.csv"), spec)
    (tmp_path / "b.csv").write_text("number,label\n1,2\n")
    with pytest.raises(DataRefused, match="All files must have the same columns"):
        Csv(str(tmp_path / "*.csv"), kinds.CSV_SPEC)
    with pytest.raises(DataRefused, match=r"A pattern must match files\. Received: .*none-\*"):
        Csv(str(tmp_path / "none-*"), kinds.CSV_SPEC)


def test_lines_may_be_compressed_and_need_no_parser(tmp_path):
    (tmp_path / "a[1].txt.gz").write_bytes(gzip.compress(b"one\ntwo\n"))
    source = Lines(str(tmp_path / "a[1].txt.gz"))
    raw = source.raw(tf.constant(source.shards[0]))
    assert [source.decode(line)["text"].numpy() for line in raw] == [b"one", b"two"]


def test_a_folder_of_classes_is_checked(tmp_path):
    with pytest.raises(UsageError, match="must exist"):
        Images(str(tmp_path / "none"))
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataRefused, match=r"two classes or more\. Received: cat in"):
        Images(str(tmp_path))
    (tmp_path / "dog").mkdir()
    (tmp_path / "cat" / "a.png").write_bytes(tf.io.encode_png(np.zeros((1, 1, 3), "uint8")).numpy())
    with pytest.raises(DataRefused, match="Every class must have files"):
        Images(str(tmp_path))


@pytest.mark.parametrize("soundfile", [True, False])
def test_sounds_are_cut_and_filled_up(tmp_path, monkeypatch, soundfile):
    if not soundfile:
        monkeypatch.setattr(audio_source, "_soundfile", lambda: None)
    elif audio_source._soundfile() is None:
        pytest.skip("soundfile is not installed")
    kinds.audio(tmp_path)
    source = Audio(str(tmp_path), rate=kinds.RATE, seconds=30 / kinds.RATE)
    found = {row: source.decode(tf.constant(row))["samples"].numpy() for row in (0, source.rows - 1)}
    for row, samples in found.items():
        number = int(Path(source.name(row)).stem)
        length = min(30, 20 + number)
        np.testing.assert_allclose(samples, [number * 100 / 32768] * length + [0] * (30 - length), atol=1e-6)
    with pytest.raises(UsageError, match="needs a rate"):
        Audio(str(tmp_path), seconds=1.0)


def test_soundfile_reads_what_tensorflow_cannot(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    wave = np.sin(np.arange(100) / 5).astype("float32")
    for name, subtype in (("a/1.flac", "PCM_16"), ("b/2.wav", "PCM_24"), ("b/3.aiff", "PCM_16")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, np.stack([wave, 0 * wave], 1), kinds.RATE, subtype=subtype)
    samples = rows_of(Audio(str(tmp_path), rate=kinds.RATE))["samples"]
    np.testing.assert_allclose(samples, np.stack([wave / 2] * 3), atol=2**-15)


def test_a_label_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="Did you mean 'label'"):
        input_pipeline.from_source(Arrays({"x": [1.0], "label": [1]}), "labl")
    with pytest.raises(UsageError, match="all with as many rows"):
        Arrays({"x": [1.0], "label": [1, 0]})


def noise(features, seed):
    """Adds what the seed draws; nothing in evaluation."""
    if seed is None:
        return features
    return {**features, "x": features["x"] + tf.random.stateless_uniform([], seed)}


@pytest.mark.parametrize(
    "config", [InputConfig(), pytest.param(NONE, marks=pytest.mark.slow)], ids=["cached", "not cached"]
)
def test_an_augmentation_differs_in_each_pass_and_is_the_same_in_each_training(config):
    spec = {"x": tf.TensorSpec([], tf.float32), "label": tf.TensorSpec([], tf.int64)}
    source = Generated(lambda: ({"x": 10 * row, "label": row} for row in range(8)), spec)
    split = input_pipeline.from_source(source, "label", config=config, augmentation=noise)

    def drawn(first_step=0, batches=4):
        stream = split.training(4, seed=1, first_step=first_step).take(batches).as_numpy_iterator()
        return np.array([features["x"] - 10 * label for features, label in stream])

    whole = drawn()
    assert ((whole > 0) & (whole < 1)).all()
    assert len(np.unique(whole)) == 16
    np.testing.assert_array_equal(drawn(), whole)
    np.testing.assert_array_equal(drawn(first_step=3, batches=1), whole[3:])
    features, label = next(split.evaluation(3).as_numpy_iterator())
    np.testing.assert_array_equal(features["x"], 10 * label)


def test_crop_and_flip_takes_parts_and_mirrors_half_of_them():
    columns = np.broadcast_to(np.arange(40, dtype="float32")[None, :, None], (20, 40, 1))
    crop = CropAndFlip((10, 10), area=0.25)
    drawn = [
        crop({"image": columns}, tf.constant([1, place], tf.int64))["image"][0, :, 0].numpy() for place in range(60)
    ]
    rising = np.array([row[-1] > row[0] for row in drawn])
    # 60 fair coins: 30 within five standard deviations, which are 19.
    assert 11 <= rising.sum() <= 49
    widths = np.array([np.ptp(row) / 39 for row in drawn])
    assert widths.min() > 0.4
    assert widths.max() < 1.01
    assert np.std(widths) > 0.05
    whole = crop({"image": columns}, None)["image"][0, :, 0].numpy()
    np.testing.assert_allclose(whole, np.linspace(0, 39, 10), rtol=1e-5)


LISTS = {"words": [[1] * (row % 7) for row in range(60)], "label": list(range(60))}


@pytest.mark.parametrize("lists", ["bucketed", "padded", "ragged"])
@pytest.mark.parametrize("memory", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["in memory", "not kept"])
def test_lists_are_bucketed_padded_or_ragged(lists, memory):
    spec = {"words": tf.TensorSpec([None], tf.int32), "label": tf.TensorSpec([], tf.int64)}
    rows = [{"words": words, "label": label} for words, label in zip(*LISTS.values(), strict=True)]
    source = Arrays(LISTS) if memory else Generated(lambda: iter(rows), spec)
    config = InputConfig(cache="none", lists=lists)
    split = input_pipeline.from_source(source, "label", config=config)
    seen, padding = [], 0
    for features, label in split.training(10, seed=1).take(6):
        words = features["words"]
        assert isinstance(words, tf.RaggedTensor) == (lists == "ragged")
        lengths = words.row_lengths() if lists == "ragged" else tf.math.count_nonzero(words, axis=1)
        np.testing.assert_array_equal(lengths, label.numpy() % 7)
        padding += 0 if lists == "ragged" else int(tf.size(words)) - int(tf.reduce_sum(lengths))
        seen += label.numpy().tolist()
    assert sorted(seen) == list(range(60))
    if lists == "bucketed":
        assert padding < 90  # Rows of a batch differ in length by one or two; in any order it is 180.


def test_what_memory_has_no_room_for_goes_to_disk_and_is_gone_at_the_end(tmp_path):
    source = Arrays({"x": np.zeros(3), "label": [0, 1, 2]})
    assert input_pipeline.from_source(source, "label", memory_mb=0).rows == 3
    big = {"x": tf.TensorSpec([None], tf.float64), "label": tf.TensorSpec([], tf.int64)}
    generated = Generated(lambda: ({"x": np.full(9000 + row, row), "label": row} for row in range(40)), big)
    config = InputConfig(cache="disk", cache_folder=str(tmp_path / "cache"))
    split = input_pipeline.from_source(generated, "label", memory_mb=1, config=config)
    assert isinstance(split._source, PackedOnDisk)
    [folder] = (tmp_path / "cache").iterdir()
    for features, label in split.evaluation(4).take(4).as_numpy_iterator():
        np.testing.assert_array_equal(features["x"][:, 0], label)
    del split
    assert not folder.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"max_skipped_share": 1.5}, "from 0 to 1"),
        ({"parallel_calls": 0}, "at least 1"),
        ({"prefetch": -1}, "at least 0"),
    ],
)
def test_numbers_of_the_configuration_are_checked(values, words):
    with pytest.raises(UsageError, match=words):
        InputConfig(**values).check()
