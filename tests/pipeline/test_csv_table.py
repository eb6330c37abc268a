import pytest

from components.errors import DataRefused, UsageError
from pipeline import csv_table
from pipeline.csv_table import CsvTable


def _table(path, text, **options):
    path.write_text(text, encoding="utf-8")
    return CsvTable([path], **options)


def test_values_are_taken_by_column_and_missing_ones_are_none(tmp_path):
    table = _table(tmp_path / "a.csv", "\ufeffname;age\n Ann ;3\n\nBob;NA\n", delimiter=";")
    assert list(table.rows(["age", "name"])) == [
        (f"{tmp_path}/a.csv line 2", {"age": "3", "name": "Ann"}),
        (f"{tmp_path}/a.csv line 4", {"age": None, "name": "Bob"}),
    ]


def test_a_few_broken_rows_are_named_and_left_out(tmp_path):
    table = _table(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 50 + "1,2,3\n")
    broken = []
    assert len(list(table.rows(["a"], broken))) == 50
    assert broken == [f"{tmp_path}/a.csv line 52 with 3 of 2 values"]


def test_many_broken_rows_are_refused(tmp_path):
    table = _table(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 10 + "1\n")
    with pytest.raises(DataRefused, match=r"At most 5% .* 1 of 11 rows .* line 12 with 1 of 2 values"):
        list(table.rows(["a"]))


@pytest.mark.parametrize("content", [b"", b"a,b\n\xff\xfe,1\n"], ids=["empty", "not text"])
def test_what_is_no_csv_is_refused(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataRefused, match=r"a\.csv"):
        list(CsvTable([tmp_path / "a.csv"]).rows(["a"]))


def test_a_missing_column_and_a_missing_file_are_bad_usage(tmp_path):
    table = _table(tmp_path / "a.csv", "a,b\n1,2\n")
    with pytest.raises(UsageError, match="without c"):
        list(table.rows(["c"]))
    with pytest.raises(UsageError, match="must exist"):
        csv_table.find(tmp_path / "b.csv")


def test_a_folder_is_its_csvs_by_name(tmp_path):
    for name in ("b.csv", "a.CSV", "notes.txt"):
        (tmp_path / name).write_text("a\n1\n")
    assert [file.name for file in csv_table.find(tmp_path)] == ["a.CSV", "b.csv"]
