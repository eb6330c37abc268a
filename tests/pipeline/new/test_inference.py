import pytest

from pipeline.new import inference
from pipeline.new.findings import Feature, Findings, Problem, Source
from pipeline.tf_example import example

PROBLEM = Problem("binary", "y", "y", "INT", "why", classes=("no", "yes"), counts=(30, 30))
FINDINGS = Findings(
    "x",
    Source("/x.csv", "csv"),
    PROBLEM,
    rows=60,
    eval_rows=12,
    features=(
        Feature("age", "age", "FLOAT", "number", present=0.75, minimum=2.0, maximum=12.0),
        Feature("city", "city", "BYTES", "category"),
        Feature("street", "street", "BYTES", "category"),
    ),
    left_out={"tags": "a list of texts"},
)


@pytest.fixture(scope="module")
def schema():
    rows = [
        {
            "y": number % 2,
            "class_name": PROBLEM.classes[number % 2],
            "age": None if number % 4 == 0 else number / 5,
            "city": ["Oslo", "Rome"][number % 2],
            "street": "rare" if number == 7 else "frequent",
            "tags": ["a"] * (number % 3),
        }
        for number in range(60)
    ]
    inferred = inference.infer([example(row) for row in rows])
    return {feature.name: feature for feature in inference.curate(inferred, FINDINGS)}


def test_the_label_does_not_exist_at_serving_and_has_the_classes_as_its_range(schema):
    label = schema["y"]
    assert (label.type, label.minimum, label.maximum, label.served) == ("INT", "0", "1", False)
    assert label.comment == "The class: 0 no, 1 yes."


def test_ranges_and_shares_have_slack(schema):
    age = schema["age"]
    assert (age.type, age.min_fraction, age.minimum, age.maximum) == ("FLOAT", 0.6, "0.0", "17.0")


def test_words_are_a_rule_only_where_none_is_rare(schema):
    assert schema["city"].values == ("Oslo", "Rome")
    assert schema["city"].min_fraction == 1.0
    assert schema["street"].values == ()


def test_what_is_left_out_is_there_and_not_served(schema):
    tags = schema["tags"]
    assert (tags.type, tags.min_fraction, tags.width, tags.served) == ("BYTES", 0.0, 0, False)
    assert "a list of texts" in tags.comment


def test_a_sample_is_bounded_in_number_and_in_bytes():
    examples = [bytes([number]) * 10 for number in range(200)]
    assert inference.sampled(examples) == examples
    assert inference.sampled(examples, count=50) == examples[::4]
    assert sum(map(len, inference.sampled(examples, most_bytes=500))) <= 500


@pytest.mark.parametrize(
    ("seen", "expected"),
    [((-1.0, 1.0), (-2.0, 2.0)), ((0.0, 0.0), (0.0, 1.0)), ((100.0, 110.0), (95.0, 115.0))],
    ids=["around 0", "constant", "far from 0"],
)
def test_slack_is_half_the_range(seen, expected):
    assert inference.slack(*seen) == expected
