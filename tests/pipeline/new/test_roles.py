import pytest

from components.errors import DataRefused, UsageError
from pipeline.new import roles
from pipeline.new.column import Column


def _column(name, values):
    found = Column(name)
    for value in values:
        found.add(value if value is None else str(value))
    return found


TEXTS = [f"the quick brown fox {number}" for number in range(100)]


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("ship", ["Titanic"] * 100, "always the same"),
        ("body", [None] * 91 + list(range(9)), "missing in 91 of 100 rows"),
        ("born", [f"1999-01-{day % 28 + 1:02}" for day in range(100)], "a date"),
        ("born", [f"{day % 28 + 1}/1/1999 10:30" for day in range(100)], "a date"),
        ("ticket", [f"T{number}" for number in range(100)], "an id"),
        ("row", range(7, 107), "an id"),
        ("customer_id", [number * 37 % 1009 for number in range(100)], "an id"),
    ],
    ids=["constant", "missing", "iso date", "other date", "text id", "counter", "number id"],
)
def test_what_teaches_nothing_is_left_out_with_its_reason(name, values, reason):
    features, left_out = roles.choose([_column(name, values)], {name: name})
    assert features == ()
    assert left_out[name].startswith(reason)


@pytest.mark.parametrize(
    ("name", "values", "role", "type_"),
    [
        ("area", [number * 37 % 1009 for number in range(100)], "number", "INT"),
        ("price", [number / 7 for number in range(100)], "number", "FLOAT"),
        ("sex", ["female", "male"] * 50, "category", "BYTES"),
        ("zip", ["01234", "01235"] * 50, "category", "BYTES"),
        ("flag", ["True", "False"] * 50, "category", "BYTES"),
        ("review", TEXTS, "text", "BYTES"),
        ("size", ["not so big", "very very big"] * 50, "category", "BYTES"),
    ],
    ids=["whole numbers", "numbers", "words", "codes", "flags", "text", "few phrases"],
)
def test_a_column_is_taken_for_what_it_is(name, values, role, type_):
    features, left_out = roles.choose([_column(name, values)], {name: name})
    assert left_out == {}
    [feature] = features
    assert (feature.role, feature.type, feature.required) == (role, type_, True)


def test_a_feature_knows_how_much_is_there():
    [feature], _ = roles.choose([_column("age", [None, 1, 2, 4])], {"age": "age"})
    assert (feature.present, feature.required, feature.minimum, feature.maximum) == (0.75, False, 1, 4)


def test_names_of_the_generated_code_are_not_taken():
    assert roles.feature_names(["numbers", "class name", "Größe"]) == {
        "numbers": "numbers_2",
        "class name": "class_name_2",
        "Größe": "gr_e",
    }


def test_what_is_left_out_must_be_there_and_not_the_label():
    with pytest.raises(UsageError, match=r"--leave-out boot\. Did you mean 'boat'"):
        roles.check_left_out(["boot"], ["boat", "label"], "label")
    with pytest.raises(UsageError, match="other than the label"):
        roles.check_left_out(["label"], ["boat", "label"], "label")


def test_where_nothing_is_left_the_reasons_are_told():
    with pytest.raises(DataRefused, match="ship: always the same"):
        roles.check_features((), {"ship": "always the same"})
