"""The latest span is the one that ExampleGen takes."""

from pathlib import Path

import pytest
import tensorflow as tf
from tfx.components.example_gen import utils

from components.errors import UsageError
from pipeline import data_source, spans
from pipeline.dag import input_config
from pipeline.tf_example import example

SPLITS = {"train": "day-{SPAN}/train-*", "eval": "day-{SPAN}/eval-*"}


def fill(folder: Path, *days: str) -> Path:
    for day in days:
        for split in ("train", "eval"):
            file = folder / f"day-{day}" / f"{split}-0"
            file.parent.mkdir(exist_ok=True)
            with tf.io.TFRecordWriter(str(file)) as writer:
                writer.write(example({"day": day}))
    return folder


@pytest.mark.parametrize(
    ("days", "pattern", "span"), [(["9", "10"], "{SPAN}", 10), (["09", "10"], "{SPAN:2}", 10), (["07"], "{SPAN}", 7)]
)
def test_what_is_found_is_what_examplegen_reads(tmp_path, days, pattern, span):
    fill(tmp_path, *days)
    splits = {split: text.replace("{SPAN}", pattern) for split, text in SPLITS.items()}
    source = data_source.find(tmp_path, splits, 0.2)
    assert source.files == {split: (f"day-{days[-1]}/{split}-0",) for split in ("train", "eval")}
    read = input_config(source).splits
    fingerprint, found, _ = utils.calculate_splits_fingerprint_span_and_version(str(tmp_path), read)
    assert found == span
    assert [split.pattern for split in read] == [f"day-{days[-1]}/{split}-*" for split in ("train", "eval")]
    assert "num_files:1" in fingerprint


def test_patterns_without_a_span_stay(tmp_path):
    assert spans.latest(tmp_path, {"train": "train-*"}) == {"train": "train-*"}


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": "day-{SPAN}/train-*", "eval": "eval-*"}, "data.splits.eval=eval-* without {SPAN}"),
        ({"train": "week-{SPAN}/train-*"}, "none that match week-{SPAN}/train-*"),
        ({"train": "*y-{SPAN:2}/train-*"}, "day-1/train-0"),
    ],
)
def test_what_makes_no_span_is_refused(tmp_path, splits, message):
    with pytest.raises(UsageError) as caught:
        spans.latest(fill(tmp_path, "1"), splits)
    assert message in str(caught.value)


def test_a_span_that_only_some_splits_have_is_refused(tmp_path):
    fill(tmp_path, "1", "2")
    (tmp_path / "day-2" / "eval-0").unlink()
    with pytest.raises(UsageError, match="Every split must have files"):
        data_source.find(tmp_path, SPLITS, 0.2)
