import io
import os
import tarfile

import pytest

from components.errors import UsageError
from components.trainer.hub import archive


def tar(path, *members, mode="w:gz"):
    """Writes an archive of (TarInfo or name, content) and returns its path."""
    with tarfile.open(path, mode) as file:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def special(kind, target=""):
    info = tarfile.TarInfo("special")
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_files_and_folders_come_out_as_they_went_in(tmp_path, mode):
    folder = tarfile.TarInfo("./assets")
    folder.type = tarfile.DIRTYPE
    made = tar(tmp_path / "m.tar", (folder, b""), ("./assets/words.txt", b"a\n"), ("saved_model.pb", b"x"), mode=mode)
    archive.unpack(made, tmp_path / "out")
    found = {str(path.relative_to(tmp_path / "out")): path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    assert found == {"assets/words.txt": b"a\n", "saved_model.pb": b"x"}


@pytest.mark.parametrize(
    "member",
    [
        "../outside",
        "a/../../outside",
        "/tmp/outside",
        special(tarfile.SYMTYPE, "/etc/passwd"),
        special(tarfile.LNKTYPE, "../outside"),
        special(tarfile.CHRTYPE),
        special(tarfile.FIFOTYPE),
    ],
    ids=lambda member: member if isinstance(member, str) else f"type {member.type!r}",
)
def test_a_hostile_member_is_refused_and_nothing_stays(tmp_path, member):
    made = tar(tmp_path / "m.tar.gz", ("first", b"1"), (member, b""))
    with pytest.raises(UsageError, match="plain files"):
        archive.unpack(made, tmp_path / "cache" / "out")
    assert names(tmp_path / "cache") == []
    assert names(tmp_path) == ["cache", "m.tar.gz"]


def test_a_name_that_comes_twice_is_refused(tmp_path):
    with pytest.raises(UsageError, match="exists"):
        archive.unpack(tar(tmp_path / "m.tar", ("a", b"1"), ("a", b"2")), tmp_path / "out")


def test_bounds_hold_for_bytes_and_members(tmp_path):
    made = tar(tmp_path / "m.tar.gz", ("a", bytes(600)), ("b", bytes(600)))
    for bounds in ({"max_bytes": 1199}, {"max_members": 1}):
        with pytest.raises(UsageError, match="larger than its bounds"):
            archive.unpack(made, tmp_path / "out", **bounds)
    archive.unpack(made, tmp_path / "out", max_bytes=1200, max_members=2)
    assert names(tmp_path / "out") == ["a", "b"]


@pytest.mark.parametrize("cut", [0, 40, -700])
def test_what_is_damaged_is_one_line_and_leaves_nothing(tmp_path, cut):
    made = tar(tmp_path / "m.tar.gz", ("a", os.urandom(5000)))
    made.write_bytes(made.read_bytes()[:cut])
    with pytest.raises(UsageError) as caught:
        archive.unpack(made, tmp_path / "cache" / "out")
    assert "\n" not in str(caught.value)
    assert "m.tar.gz" in str(caught.value)
    assert names(tmp_path / "cache") == []


def test_who_comes_second_leaves_the_first_one_alone(tmp_path):
    with archive.beside(tmp_path / "out") as part:
        (part / "mine").touch()
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "first").touch()
    assert names(tmp_path / "out") == ["first"]
    assert names(tmp_path) == ["out"]
