import pytest

from components.errors import DataRefused, UsageError
from pipeline import class_folders


@pytest.fixture
def root(tmp_path):
    for name in ("cats/1.png", "cats/deep/2.PNG", "dogs/1.jpg", "dogs/notes.txt", "empty/notes.txt", ".trash/1.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_a_folder_with_files_is_a_class(root):
    assert class_folders.classes(root, class_folders.IMAGES) == ["cats", "dogs"]
    files = class_folders.find(root, class_folders.IMAGES, ["cats", "dogs"])
    assert [(str(file.path.relative_to(root)), file.class_name) for file in files] == [
        ("cats/1.png", "cats"),
        ("cats/deep/2.PNG", "cats"),
        ("dogs/1.jpg", "dogs"),
    ]


def test_a_class_without_files_is_bad_usage(root):
    with pytest.raises(UsageError, match=r"none in .*empty"):
        class_folders.find(root, class_folders.IMAGES, ["cats", "empty"])


def _reader(broken):
    def read(path):
        if path.name in broken:
            raise ValueError("no picture")
        return b"read"

    return read


def _files(root, count):
    return [class_folders.ClassFile(root / str(number), "cats") for number in range(count)]


def test_a_few_files_that_cannot_be_read_are_left_out_and_named(tmp_path):
    broken = []
    found = list(class_folders.readable(_files(tmp_path, 40), _reader({"7"}), broken))
    assert len(found) == 39
    assert broken == [f"{tmp_path / '7'}: no picture"]


def test_many_of_them_are_refused(tmp_path):
    with pytest.raises(DataRefused, match=r"At most 5% .* 3 of 40 files .*/7: no picture"):
        list(class_folders.readable(_files(tmp_path, 40), _reader({"7", "8", "9"})))
