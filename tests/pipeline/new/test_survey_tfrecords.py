import pytest

from components.errors import DataRefused, UsageError
from pipeline.new import source, survey_tfrecords
from tests.pipeline.new.records import tfrecords

ROW = {"age": 1.5, "city": "Rome", "vector": [0.5, 1.5], "tags": ["a", "b"], "image": b"\xff\xd8", "kind": 0}


def _rows(count=60, **changes):
    return [
        {**ROW, "age": number / 4, "city": "Rome" if number % 3 else "Oslo", "kind": number % 2, **changes}
        for number in range(count)
    ]


def _survey(folder, label="kind", leave_out=()):
    return survey_tfrecords.survey(source.detect(folder), "x", label, leave_out)


def test_features_are_taken_or_left_out_with_a_reason(tmp_path):
    rows = _rows()
    rows[0]["age"] = None
    found = _survey(tfrecords(tmp_path / "a.tfrecord", rows))
    assert {feature.name: (feature.type, feature.role, feature.width) for feature in found.features} == {
        "age": ("FLOAT", "number", 1),
        "city": ("BYTES", "category", 1),
        "vector": ("FLOAT", "number", 2),
    }
    assert found.left_out == {"image": "bytes that are no text", "tags": "a list of texts"}
    age = found.features[0]
    assert (age.required, age.minimum, age.maximum) == (False, 0.25, 14.75)
    assert (found.rows, found.eval_rows, found.problem.kind) == (60, 12, "binary")


def test_the_splits_that_are_there_are_kept(tmp_path):
    tfrecords(tmp_path / "train-0.tfrecord", _rows(50))
    tfrecords(tmp_path / "eval-0.tfrecord", _rows(20))
    found = _survey(tmp_path)
    assert (found.rows, found.eval_rows) == (70, 20)


def test_a_number_is_learned_in_its_own_type(tmp_path):
    rows = [{"a": number % 3, "count": number} for number in range(60)]
    found = _survey(tfrecords(tmp_path / "a.tfrecord", rows), label="count")
    assert (found.problem.kind, found.problem.type) == ("value", "INT")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (_rows(kind="cat"), "one number in each record.* which holds text"),
        (_rows(kind=[1, 2]), "which holds several values"),
        ([{**row, "kind": row["kind"] + 1} for row in _rows()], r"whole numbers from 0\. Received: kind with 1, 2"),
        ([{**row, "kind": float(row["kind"])} for row in _rows()], "whole numbers from 0"),
        ([*_rows(), {"age": 1.0}], "Every record must have the label.* missing in 1 of 61"),
        (_rows(kind=1), "two different values"),
        ([*_rows(), {**ROW, "age": 3}], "same type in all records.*`age`, FLOAT in a.tfrecord and INT"),
        ([{"kind": number % 2, "tags": ["a", "b"]} for number in range(60)], "tags: a list of texts"),
        ([{}], "records with features"),
        (_rows(height=float("inf")), "must be finite.*`height`"),
    ],
    ids=[
        "words",
        "several",
        "from 1",
        "floats",
        "missing",
        "constant",
        "mixed",
        "nothing to learn from",
        "no features",
        "infinite",
    ],
)
def test_records_that_cannot_be_used_are_refused(tmp_path, rows, message):
    with pytest.raises(DataRefused, match=message):
        _survey(tfrecords(tmp_path / "a.tfrecord", rows))


def test_a_list_with_gaps_is_left_out(tmp_path):
    found = _survey(tfrecords(tmp_path / "a.tfrecord", _rows(vector=[1.0, float("nan")])))
    assert found.left_out["vector"] == "a list in which numbers are missing"


def test_files_with_other_features_are_refused(tmp_path):
    tfrecords(tmp_path / "train-0.tfrecord", _rows(50))
    tfrecords(tmp_path / "eval-0.tfrecord", _rows(20, city=None, town="Rome"))
    with pytest.raises(DataRefused, match=r"`city`, in 50 of 50 records of train-0\.tfrecord and in none of eval-0"):
        _survey(tmp_path)


def test_a_cut_file_is_refused_with_the_record(tmp_path):
    folder = tfrecords(tmp_path / "a.tfrecord", _rows())
    content = (tmp_path / "a.tfrecord").read_bytes()
    (tmp_path / "a.tfrecord").write_bytes(content[:-5])
    with pytest.raises(DataRefused, match=r"a\.tfrecord, record 59: the file ends inside it"):
        _survey(folder)


def test_something_else_in_tfrecords_is_refused(tmp_path):
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        writer.write(b"no example")
    with pytest.raises(DataRefused, match=r"tf\.train\.Example.* record 0"):
        _survey(tmp_path)


def test_a_mistyped_label_is_guessed(tmp_path):
    with pytest.raises(UsageError, match="Did you mean 'kind'"):
        _survey(tfrecords(tmp_path / "a.tfrecord", _rows()), label="kinds")
