import shutil
from pathlib import Path

import pytest

from pipeline.payload import measure, stamps


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "artifact"
    (made / "Split-train").mkdir(parents=True)
    (made / "Split-train" / "data").write_bytes(b"12345")
    (made / "note").write_bytes(b"67")
    return made


def test_a_copy_elsewhere_is_the_same(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "moved" / "copy")
    assert measure(folder) == measure(tmp_path / "moved" / "copy")
    assert measure(folder).bytes == 7


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "note").write_bytes(b"68"),
        lambda folder: (folder / "note").rename(folder / "other"),
        lambda folder: (folder / "note").unlink(),
        lambda folder: (folder / "more").touch(),
        lambda folder: (folder / "Split-train" / "data").write_bytes(b"1234"),
    ],
    ids=["content", "name", "gone", "one more", "cut"],
)
def test_every_change_is_seen(folder, change):
    before = measure(folder), stamps(folder)
    change(folder)
    assert measure(folder).digest != before[0].digest
    assert stamps(folder) != before[1]


def test_what_lies_in_another_file_is_another_payload(tmp_path):
    for name, first, second in (("a", b"12", b"3"), ("b", b"1", b"23")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_bytes(first)
        (tmp_path / name / "y").write_bytes(second)
    assert measure(tmp_path / "a").digest != measure(tmp_path / "b").digest


def test_one_file_is_a_payload(folder):
    assert measure(folder / "note").bytes == 2


def test_nothing_is_no_payload():
    assert measure(Path("/no/such/artifact")) is None
    assert stamps(Path("/no/such/artifact")) == []
