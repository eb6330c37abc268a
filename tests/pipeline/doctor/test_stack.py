import json
from pathlib import Path

import pytest

from pipeline.doctor import stack
from pipeline.doctor.stack import OFFICIAL, OLDER, STACKS

REQUIREMENTS = Path(__file__).parents[3] / "requirements"


@pytest.mark.parametrize(
    ("glibc", "expected"),
    [((2, 41), OFFICIAL), ((2, 39), OFFICIAL), ((2, 38), OLDER), ((2, 28), OLDER), ((2, 27), None), (None, None)],
)
def test_for_glibc(glibc, expected):
    assert stack.for_glibc(glibc) is expected


@pytest.mark.parametrize(
    ("version", "expected"), [("1.21.0", OFFICIAL), ("1.21.3", OFFICIAL), ("1.17.1", OLDER), ("1.17.0", None)]
)
def test_of_versions(version, expected):
    assert stack.of_versions({"ml-metadata": version}) is expected
    assert stack.of_versions({}) is None


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("2.21.0", "2.21", True),
        ("2.210.0", "2.21", False),
        ("2.21.0+cpu", "2.21.0", True),
        ("2.21", "2.21.0", False),
        ("", "2", False),
    ],
)
def test_fits(version, wanted, expected):
    assert stack.fits(version, wanted) is expected


@pytest.mark.parametrize("lock", STACKS, ids=lambda lock: lock.lock)
def test_versions_are_those_of_the_lock(lock):
    pins = stack.read_pins(REQUIREMENTS / lock.lock)
    assert len(pins) > 100
    assert {
        name: pins.get(name, "missing")
        for name in lock.versions
        if not stack.fits(pins.get(name, ""), lock.versions[name])
    } == {}


def test_platforms_are_those_of_the_install_step(monkeypatch):
    monkeypatch.syspath_prepend(str(REQUIREMENTS))
    import lock_choice

    for ours, theirs in ((OFFICIAL, lock_choice.OFFICIAL), (OLDER, lock_choice.OLDER)):
        assert theirs.path == f"requirements/{ours.lock}"
        assert theirs.pythons == tuple((3, minor) for minor in ours.pythons)
    assert OFFICIAL.glibc == lock_choice.OFFICIAL_GLIBC
    assert OLDER.glibc == lock_choice.OLDEST_GLIBC


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (json.dumps({"lock": "glibc-2.28.txt", "digest": "ab"}), "glibc-2.28.txt"),
        (json.dumps({"lock": "requirements/glibc-2.39.txt"}), "glibc-2.39.txt"),
        (json.dumps({"lock": 3}), ""),
        (json.dumps(["glibc-2.28.txt"]), ""),
        ("0123abcd" * 8, ""),
        ("", ""),
        (None, None),
    ],
)
def test_read_stamp(tmp_path, content, expected):
    if content is not None:
        (tmp_path / ".slipway-install").write_text(content)
    assert stack.read_stamp(tmp_path) == expected


def test_read_pins(tmp_path):
    (tmp_path / "lock.txt").write_text(
        "# a comment with name==1\n"
        "Apache_Beam[gcp]==2.77.0 \\\n"
        "    --hash=sha256:00 \\\n"
        "    --hash=sha256:11\n"
        "    # via tfx==1.21.0\n"
        "plain==1.0\n"
        "old==1 ; python_version < '3.0' \\\n"
        "    --hash=sha256:22\n"
        "new==2 ; python_version >= '3.0'  # why\n"
        "both==3; sys_platform != 'amiga'\n"
        "-e ./compat\n"
        "compat @ file:///x\n"
    )
    assert stack.read_pins(tmp_path / "lock.txt") == {"apache-beam": "2.77.0", "plain": "1.0", "new": "2", "both": "3"}
    assert stack.read_pins(tmp_path / "none.txt") == {}
