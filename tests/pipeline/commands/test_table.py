import pytest

from pipeline.commands.table import print_table


@pytest.mark.parametrize("length", [20, 40, 100, 200])
def test_a_long_name_leaves_room_for_its_values(length, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    print_table({"Parameter": ["p" * length], "1": ["0.93"], "2": ["0.94"]})
    printed = capsys.readouterr().out
    assert "0.93  0.94" in printed
    assert printed.count("p") == length
    assert ("p" * length in printed) is (length <= 40)
