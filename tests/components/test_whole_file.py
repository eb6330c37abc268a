import pytest

from components.whole_file import whole_file


def test_the_file_is_there_at_the_end_and_nothing_else(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text("old")
    with whole_file(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_all_is_as_it_was(tmp_path):
    path = tmp_path / "answer.json"
    path.write_text("old")

    def write() -> None:
        with whole_file(path) as beside:
            beside.write_text("half")
            raise OSError("no more space")

    with pytest.raises(OSError, match="no more space"):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
