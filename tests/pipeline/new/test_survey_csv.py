import pytest

from components.errors import DataRefused, UsageError
from pipeline.new import source, survey_csv
from tests.pipeline.new.tables import passengers, write


def _survey(path, label=None, leave_out=()):
    return survey_csv.survey(source.detect(path), "x", label, leave_out)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return passengers(tmp_path_factory.mktemp("csv") / "passengers.csv")


def test_every_column_is_taken_or_left_out_with_a_reason(table):
    found = _survey(table, "survived")
    assert {feature.name: feature.role for feature in found.features} == {
        "name_full": "text",
        "sex": "category",
        "age": "number",
        "fare": "number",
    }
    assert {name: reason.partition(":")[0] for name, reason in found.left_out.items()} == {
        "id": "an id",
        "ticket": "an id",
        "born": "a date",
        "ship": "always the same",
        "cabin": "missing in 114 of 120 rows",
    }
    assert (found.rows, found.eval_rows, found.problem.classes) == (120, 24, ("no", "yes"))


def test_a_column_can_be_left_out(table):
    found = _survey(table, "survived", ["sex"])
    assert found.left_out["sex"] == "as asked for"
    assert "sex" not in {feature.name for feature in found.features}


def test_without_a_label_the_columns_are_told(table):
    with pytest.raises(UsageError, match=r"no --label\. Give --label COLUMN, one of: id, name \(full\), sex"):
        _survey(table)


def test_rows_without_a_label_are_left_out_and_counted(tmp_path):
    rows = [{"a": number % 7, "y": "" if number == 5 else number % 2} for number in range(60)]
    found = _survey(write(tmp_path / "a.csv", rows))
    assert found.rows == 59
    assert found.notes == ("1 rows without `y` are left out",)


def test_an_index_without_a_name_is_left_out(tmp_path):
    rows = [{"": number, "a": number % 7, "y": number % 2} for number in range(60)]
    assert _survey(write(tmp_path / "a.csv", rows)).left_out == {"(no name)": "an index"}


def test_a_stray_word_among_numbers_is_told(tmp_path):
    rows = [{"a": "n. a." if number == 9 else number % 7, "y": number % 2} for number in range(60)]
    assert "'n. a.'" in _survey(write(tmp_path / "a.csv", rows)).notes[0]


def test_a_column_that_gives_the_label_away_is_told(tmp_path):
    rows = [{"a": number % 7, "boat": number % 5 if number % 2 else "", "y": number % 2} for number in range(60)]
    path = write(tmp_path / "a.csv", rows)
    [note] = _survey(path).notes
    assert note.startswith("`boat` alone tells `y` in 100% of the rows")
    assert _survey(path, leave_out=["boat"]).notes == ()


def test_the_share_of_broken_rows_is_that_of_each_file(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("a,y\n" + "1,0\n2,1\n" * 20 + "1\n1\n")
    assert "4 rows cannot be read and are left out" in _survey(tmp_path).notes[0]


def test_semicolons_are_recognized(tmp_path):
    text = "a;b;y\n" + "".join(f"{number % 7},5;{number % 3};{number % 2}\n" for number in range(60))
    (tmp_path / "a.csv").write_text(text)
    assert source.detect(tmp_path / "a.csv").delimiter == ";"
    assert [feature.type for feature in _survey(tmp_path / "a.csv").features] == ["BYTES", "INT"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must not be empty"),
        ("a,y\n", "must have rows"),
        ("150,4,setosa\n1,2,3\n", "first line of a CSV must name .* 150"),
        ("a,a,y\n1,2,3\n", "name of its own.* 'a' twice"),
        ("a,,y\n1,2,3\n", "column without one"),
        ("y,a\n" + "1,x\n0,x\n" * 30, "a column to learn from.* a: always the same"),
    ],
    ids=["empty", "no rows", "no header", "double", "unnamed", "nothing to learn from"],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataRefused, match=message):
        _survey(tmp_path / "a.csv")


def test_parts_with_other_columns_are_refused(tmp_path):
    write(tmp_path / "a.csv", [{"a": 1, "y": 0}])
    write(tmp_path / "b.csv", [{"b": 1, "y": 0}])
    with pytest.raises(DataRefused, match=r"a\.csv and b\.csv, which differ in a, b"):
        _survey(tmp_path)


def test_parts_with_other_types_are_refused(tmp_path):
    write(tmp_path / "a.csv", [{"a": number, "y": number % 2} for number in range(9)])
    write(tmp_path / "b.csv", [{"a": "x", "y": 1}])
    with pytest.raises(DataRefused, match=r"`a`, numbers in a\.csv and text in b\.csv"):
        _survey(tmp_path)
