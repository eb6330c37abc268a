"""Broken elements are refused by name, or left out, named and counted, the same ones in every pass."""

import dataclasses
import gzip
import json
import logging
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.errors import DataRefused
from components.progress import EVENTS_VARIABLE
from components.trainer import input_pipeline
from components.trainer.input_config import InputConfig
from components.trainer.sources import Audio, Csv, Generated, Images, Lines, Records
from tests.components.trainer.sources import kinds
from tests.components.trainer.sources.kinds import ROWS

LABEL = tf.io.FixedLenFeature([], tf.int64)


def cut_gzip(folder):
    """The middle one of three files breaks off after some of its 400 records."""
    draw = np.random.default_rng(0)
    for shard in range(3):
        with tf.io.TFRecordWriter(str(folder / f"{shard}.gz"), tf.io.TFRecordOptions("GZIP")) as writer:
            for row in draw.permutation(400):
                writer.write(kinds.example(int(row)))
    content = (folder / "1.gz").read_bytes()
    (folder / "1.gz").write_bytes(content[: len(content) // 2])
    return Records(str(folder / "*.gz"), {"number": tf.io.FixedLenFeature([], tf.float32), "label": LABEL})


def record_of_another_kind(folder):
    """Of 36 records, the third lacks a feature and the last is no tf.train.Example."""
    source = kinds.records(folder)
    records = [kinds.example(row) for row in range(ROWS)]
    records[2], records[-1] = tf.train.Example().SerializeToString(), b"\xff\xff no example"
    for file in source.shards:
        (folder / file).unlink()
    with tf.io.TFRecordWriter(str(folder / "part-0")) as writer:
        for record in records:
            writer.write(record)
    return Records(str(folder / "part-*"), {"number": tf.io.FixedLenFeature([], tf.float32), "label": LABEL})


def csv_row(folder):
    (folder / "a.csv").write_text("number,label\n1,0\none,1\n3,1,7\n4,0\n,1\n6,0\n")
    return Csv(str(folder / "a.csv"), kinds.CSV_SPEC)


def line(folder):
    (folder / "a.txt").write_text("0\t1\nx\t2\n1\t3\n")
    return Lines(str(folder / "a.txt"), kinds.parse_line)


def image(folder):
    source = kinds.images(folder)
    broken = [path for path in sorted(folder.glob("*/*.png")) if path.stem in ("05", "06")]
    broken[0].write_bytes(b"")
    broken[1].write_bytes(broken[1].read_bytes()[:40])
    return Images(str(folder)) if source.rows == ROWS else None


def audio(folder):
    kinds.audio(folder)
    sounds = sorted(folder.glob("*/*.wav"))
    sounds[0].write_bytes(b"RIFF")
    kinds.write_wav(sounds[1], np.zeros(10, "<i2"), rate=44_100)
    return Audio(str(folder), rate=kinds.RATE)


def generator(folder):
    def rows():
        yield {"number": 1, "label": 0}
        yield {"number": 2, "label": 1}
        raise ValueError("the sensor is gone")

    return Generated(rows, {"number": tf.TensorSpec([], tf.float32), "label": tf.TensorSpec([], tf.int64)})


# The source, how many elements are left out, how many files break off, and the first of them.
CASES = {
    "records, a file is cut": (cut_gzip, 0, 1, r"1\.gz, after record \d+: truncated record"),
    "records, of another kind": (record_of_another_kind, 2, 0, r"part-0, record 3: .*label.* is required"),
    "csv": (csv_row, 3, 0, r"a\.csv, record 2: Field 0 in record 0 is not a valid float: one"),
    "lines": (line, 1, 0, r"a\.txt, record 2: .*x"),
    "images": (image, 2, 0, r"dark/05\.png: Input is empty"),
    "audio": (audio, 2, 0, r"high/00\.wav: "),
    "generator": (generator, 0, 1, r"generator 0, after record 2: .*the sensor is gone"),
}


FAST = ("records, a file is cut", "csv")


@pytest.fixture(params=[pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in CASES])
def case(request, tmp_path):
    make, *expected = CASES[request.param]
    return make(tmp_path), *expected


def test_by_default_the_data_are_refused_and_the_first_is_named(case):
    source, _, _, first = case
    with pytest.raises(DataRefused) as caught:
        input_pipeline.from_source(source, "label")
    assert re.search(first, str(caught.value))
    assert "training.input.broken=skip" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_may_be_left_out_is_named_and_counted_and_stays_out(case, caplog, tmp_path, monkeypatch):
    source, elements, files, first = case
    monkeypatch.setenv(EVENTS_VARIABLE, str(tmp_path / "events.jsonl"))
    skip = InputConfig("skip", max_skipped_share=1.0, cache="none")
    with caplog.at_level(logging.WARNING):
        split = input_pipeline.from_source(source, "label", config=skip, name="train")
    [event] = map(json.loads, (tmp_path / "events.jsonl").read_text().splitlines())
    assert (event["event"], event["split"]) == ("input_skipped", "train")
    assert event["elements"]["skipped"] == elements
    assert event.get("files", {"skipped": 0})["skipped"] == files
    assert re.search(first, caplog.text)
    assert len(event["rows"]) == elements + files
    labels = [label for _, label in split.evaluation(1).take(2).as_numpy_iterator()]
    assert [len(label) for label in labels] == [split.rows, split.rows]
    assert split.rows == event["elements"]["of"] - elements


def test_more_than_the_share_is_refused(case):
    source, elements, files, first = case
    with pytest.raises(DataRefused) as caught:
        input_pipeline.from_source(source, "label", config=InputConfig("skip"))
    assert "At most 1.00% of the" in str(caught.value)
    assert re.search(rf"{elements or files} of \d+ in the split, the first: ", str(caught.value))
    assert re.search(first, str(caught.value))


def test_a_share_below_the_limit_passes(tmp_path):
    source = record_of_another_kind(tmp_path)
    assert input_pipeline.from_source(source, "label", config=InputConfig("skip", 2 / 36)).rows == 34


@pytest.mark.parametrize("memory_mb", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_transformed_records_are_left_out_likewise(tmp_path, memory_mb):
    cut_gzip(tmp_path)
    reader = input_pipeline.Reader({"number": tf.io.FixedLenFeature([], tf.float32), "label": LABEL}, "label")
    patterns = [str(tmp_path / "*.gz")]
    with pytest.raises(DataRefused, match=r"1\.gz, after record \d+"):
        input_pipeline.read(patterns, reader, memory_mb)
    split = input_pipeline.read(patterns, reader, memory_mb, config=InputConfig("skip", 0.34))
    assert 800 < split.rows < 1200


def test_where_nothing_is_broken_nothing_is_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        input_pipeline.from_source(kinds.arrays(tmp_path), "label", config=InputConfig("skip"))
    assert caplog.text == ""


def test_all_may_be_broken(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"number,label\nx,y\n")
    with pytest.raises(DataRefused, match="A split must hold rows"):
        input_pipeline.from_source(Csv(str(tmp_path / "a.csv"), kinds.CSV_SPEC), "label", config=InputConfig("skip", 1))


def test_a_gzip_that_is_none_is_named(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"number,label\n1,0\n")[:-12])
    with pytest.raises(DataRefused, match=r"a\.csv\.gz"):
        input_pipeline.from_source(Csv(str(tmp_path / "a.csv.gz"), kinds.CSV_SPEC), "label")


@pytest.mark.slow
def test_the_trainer_leaves_out_what_it_may(transformed, tmp_path):
    """A whole training on a split of two files, of which one breaks off."""
    from components.settings import to_dict
    from components.trainer.run_fn import run_fn
    from tests.components.trainer import conftest, tiny

    [file] = tf.io.gfile.glob(transformed.patterns["train"])
    content = Path(file).read_bytes()
    (tmp_path / "a.gz").write_bytes(content)
    (tmp_path / "b.gz").write_bytes(content[: len(content) // 2])
    patterns = {**transformed.patterns, "train": str(tmp_path / "*.gz")}
    config = tiny.config(epochs=1)
    with pytest.raises(DataRefused, match=r"b\.gz, after record \d+"):
        run_fn(conftest.arguments(transformed.graph, patterns, tmp_path, 1, training=config))
    config = dataclasses.replace(config, input=InputConfig("skip", 0.5))
    given = conftest.arguments(transformed.graph, patterns, tmp_path, 2, training=config)
    run_fn(given)
    assert json.loads((Path(given.model_run_dir) / "training.json").read_text()) == to_dict(config)
