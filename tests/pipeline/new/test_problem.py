import pytest

from components.errors import DataRefused, UsageError
from pipeline.new import problem
from pipeline.new.column import Column
from pipeline.new.findings import Findings, Source


def _problem(values):
    column = Column("y")
    for value in values:
        column.add(value if value is None else str(value))
    return problem.of_column(column, "y")


def test_two_words_are_binary_in_their_order():
    found = _problem(["yes", "no", "no"] * 30)
    assert (found.kind, found.classes, found.counts, found.type) == ("binary", ("no", "yes"), (60, 30), "INT")
    assert "2 different words" in found.why


def test_few_numbers_are_classes_in_the_order_of_numbers():
    found = _problem([10, 9, 8] * 30)
    assert (found.kind, found.classes, found.named) == ("classes", ("8", "9", "10"), True)
    assert not _problem([0, 1, 2] * 30).named


def test_many_numbers_are_a_value():
    found = _problem(range(100))
    assert (found.kind, found.type, found.classes, found.mean) == ("value", "FLOAT", (), 49.5)
    assert _problem([number / 3 for number in range(60)]).kind == "value"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a"] * 50, r"two different values .* a in all 50 rows"),
        (["a", "b"] * 30 + [None] * 10, r"missing in 5% .* y, missing in 10 of 70"),
        (["a"] * 50 + ["b"] * 7, r"8 rows or more\. Received: b with 7"),
        (["a", "b"] * 10, r"40 rows or more\. Received: 20"),
        ([f"word {number}" for number in range(90)], r"one of a few words\. Received: y with 90 different texts"),
        ([number / 7 for number in range(30)], "40 rows or more"),
        (["a", "b" * 61] * 30, "short name"),
    ],
    ids=["constant", "missing", "rare class", "few rows", "free text", "few numbers", "long name"],
)
def test_what_cannot_be_learned_is_refused(values, message):
    with pytest.raises(DataRefused, match=message):
        _problem(values)


def test_one_class_is_refused():
    with pytest.raises(DataRefused, match=r"two classes at least\. Received: cats"):
        problem.of_classes({"cats": 100}, "label", "label", "why")


def test_the_label_is_asked_for_or_called_like_one():
    assert problem.label_of(["a", "Target"], None) == "Target"
    assert problem.label_of(["a", "label"], "a") == "a"
    with pytest.raises(UsageError, match="one of: a, b"):
        problem.label_of(["a", "b"], None)
    with pytest.raises(UsageError, match="class and y could be it"):
        problem.label_of(["class", "y"], None)
    with pytest.raises(UsageError, match="Did you mean 'survived'"):
        problem.label_of(["survived", "age"], "surived")


def _target(values, eval_rows):
    found = _problem(values)
    return problem.target(Findings("x", Source("/x.csv", "csv"), found, len(values), eval_rows))


def test_a_model_must_beat_the_majority_by_more_than_an_accident():
    target = _target(["a", "b", "c", "c"] * 100, eval_rows=100)
    assert target.metric == "SparseCategoricalAccuracy"
    # 0.5 and three standard errors of 0.05.
    assert (target.baseline, target.threshold) == (0.5, 0.65)
    assert "always c has an accuracy of 0.500" in target.sentence


def test_a_model_of_two_classes_must_beat_chance():
    target = _target(["a", "b"] * 100, eval_rows=100)
    # Mann and Whitney's standard error for 50 and 50 rows is sqrt(101 / (12 * 2500)) = 0.05802.
    assert (target.metric, target.baseline, target.threshold) == ("AUC", 0.5, 0.674)


def test_a_model_of_a_number_must_beat_the_mean():
    target = _target([*range(100)], eval_rows=50)
    # 28.87 times 1 - 2 / sqrt(100).
    assert (target.metric, target.higher_is_better, target.threshold) == ("RootMeanSquaredError", False, 23.1)


def test_with_few_rows_the_way_is_half_of_what_is_possible_at_most():
    assert _target(["a", "b", "c", "c"] * 20, eval_rows=2).threshold == 0.75
