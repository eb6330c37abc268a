import errno
import json
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import UsageError
from pipeline import home as home_module
from pipeline.home import FORMAT, Home, nearest_existing, new_run_id

NOBODY = 65534


@pytest.fixture(autouse=True)
def no_home_from_outside(monkeypatch):
    monkeypatch.delenv("SLIPWAY_HOME", raising=False)


@pytest.fixture
def unprivileged():
    """A folder that anybody reaches, for a test that runs without root's rights from when it calls the fixture."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    before = os.geteuid()
    yield folder, lambda: os.seteuid(NOBODY) if before == 0 else None
    os.seteuid(before)
    os.system(f"chmod -R u+rwX {folder}")  # so that rmtree works without root's rights as well
    shutil.rmtree(folder)


def refused(path) -> str:
    """The one line that a home is refused with; check() and open() must agree."""
    with pytest.raises(UsageError) as checked:
        Home.at(path).check()
    with pytest.raises(UsageError) as opened:
        Home.open(path)
    assert str(opened.value) == str(checked.value)
    assert opened.value.exit_code == 2
    assert "\n" not in str(opened.value)
    return str(opened.value)


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class TestAt:
    def test_option_wins_over_the_variable_over_the_default(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert Home.at().root == tmp_path / ".slipway"
        monkeypatch.setenv("SLIPWAY_HOME", "/from/variable")
        assert Home.at().root == Path("/from/variable")
        assert Home.at("option").root == tmp_path / "option"
        monkeypatch.setenv("SLIPWAY_HOME", "")
        assert Home.at().root == tmp_path / ".slipway"

    def test_tilde_is_the_person_s_directory(self, monkeypatch):
        monkeypatch.setenv("HOME", "/somebody")
        assert Home.at("~/slipway").root == Path("/somebody/slipway")

    def test_layout(self):
        home = Home(Path("/h"))
        assert [str(path) for path in (home.metadata_db, home.reports, home.runs, home.run("r1"))] == [
            "/h/metadata.db", "/h/reports", "/h/runs", "/h/runs/r1",
        ]  # fmt: skip
        assert [str(path) for path in (home.data("taxi"), home.pipelines("taxi"), home.serving("taxi"))] == [
            "/h/data/taxi", "/h/pipelines/taxi", "/h/serving/taxi",
        ]  # fmt: skip


class TestOpen:
    def test_makes_the_folders_and_the_card(self, tmp_path):
        home = Home.open(tmp_path / "deep" / "home")
        assert listing(home.root) == ["data", "home.json", "pipelines", "reports", "runs", "serving"]
        card = json.loads((home.root / "home.json").read_text())
        assert card["format"] == FORMAT
        assert set(card) == {"format", "created_by"}
        assert (home.root / "home.json").stat().st_mode & 0o444 == 0o444 & ~_umask()

    def test_second_time_leaves_the_card_alone(self, tmp_path):
        card = Home.open(tmp_path).root / "home.json"
        card.write_text('{"format": 1, "created_by": "older"}')
        assert Home.open(tmp_path).root == tmp_path
        assert json.loads(card.read_text())["created_by"] == "older"

    def test_restores_a_missing_folder(self, tmp_path):
        home = Home.open(tmp_path)
        home.runs.rmdir()
        assert Home.open(tmp_path).runs.is_dir()

    def test_interrupted_card_leaves_nothing(self, tmp_path, monkeypatch):
        def full(descriptor):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr("pipeline.home.os.fsync", full)
        with pytest.raises(UsageError, match=r"No space left on device.*Free some disk space"):
            Home.open(tmp_path)
        assert listing(tmp_path) == ["data", "pipelines", "reports", "runs", "serving"]

    def test_many_at_once(self, tmp_path):
        failures = []

        def make():
            try:
                Home.open(tmp_path / "home")
            except UsageError as error:
                failures.append(error)

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert listing(tmp_path / "home") == ["data", "home.json", "pipelines", "reports", "runs", "serving"]


class TestRefusals:
    def test_a_file(self, tmp_path):
        (tmp_path / "file").write_text("x")
        assert "must be a directory" in refused(tmp_path / "file")

    def test_below_a_file(self, tmp_path):
        (tmp_path / "file").write_text("x")
        message = refused(tmp_path / "file" / "home")
        assert f"{tmp_path / 'file'} is a file" in message
        assert "--home" in message

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, where nobody can make a directory")
    def test_nowhere_to_write_even_for_root(self):
        assert "must be writable. Received: home=/proc/self/home (/proc/self: " in refused("/proc/self/home")

    @pytest.mark.parametrize(
        ("code", "fix"),
        [
            (errno.EROFS, "Name another folder with --home DIR."),
            (errno.ENOSPC, "Free some disk space, or name another folder"),
            (errno.EDQUOT, "Free some disk space, or name another folder"),
        ],
    )
    def test_disk_says_no(self, tmp_path, monkeypatch, code, fix):
        def refuse(**options):
            raise OSError(code, os.strerror(code), f"{options['dir']}/tmpxyz")

        monkeypatch.setattr("pipeline.home.tempfile.TemporaryFile", refuse)
        message = refused(tmp_path)
        assert f"home={tmp_path} ({os.strerror(code)})" in message
        assert fix in message

    def test_newer_format_is_left_untouched(self, tmp_path):
        (tmp_path / "home.json").write_text('{"format": 7, "created_by": "9.1"}')
        message = refused(tmp_path)
        assert f"format {FORMAT} or older" in message
        assert "format 7" in message
        assert "made by Slipway 9.1" in message
        assert "Update Slipway" in message
        assert listing(tmp_path) == ["home.json"]

    @pytest.mark.parametrize(
        "content", ["", "{", "[]", "1", "{}", '{"format": "1"}', '{"format": 0}', '{"format": true}', '{"format": 1.5}']
    )
    def test_broken_card(self, tmp_path, content):
        (tmp_path / "home.json").write_text(content)
        message = refused(tmp_path)
        assert 'must say {"format": N}' in message
        assert f"rm {tmp_path}/home.json" in message
        assert listing(tmp_path) == ["home.json"]

    def test_card_of_bytes(self, tmp_path):
        (tmp_path / "home.json").write_bytes(b"\xff\xfe\x00")
        assert "no JSON object" in refused(tmp_path)

    def test_card_that_is_a_folder(self, tmp_path):
        (tmp_path / "home.json").mkdir()
        assert "must be readable" in refused(tmp_path)


class TestRights:
    def test_directory_of_another_is_not_to_be_taken_over(self, unprivileged):
        folder, drop = unprivileged
        folder.chmod(0o555)
        drop()
        for path in (folder, folder / "home"):
            message = refused(path)
            assert "Permission denied" in message
            assert "Name another folder" in message
            assert "chown" not in message

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a home for another")
    def test_home_of_another(self, unprivileged):
        folder, drop = unprivileged
        Home.open(folder)
        drop()
        assert f"sudo chown -R $(id -u) {folder}" in refused(folder)

    @pytest.mark.parametrize("name", ["runs", "metadata.db"])
    def test_own_home_without_the_right_to_write(self, unprivileged, name):
        folder, drop = unprivileged
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        drop()
        home = Home.open(folder)
        home.metadata_db.touch()
        (folder / name).chmod(0o444)
        assert f"chmod -R u+rwX {folder / name}" in refused(folder)

    def test_looking_needs_no_right_to_write(self, unprivileged):
        folder, drop = unprivileged
        Home.open(folder)
        folder.chmod(0o555)
        drop()
        assert Home.existing(folder).root == folder


class TestExisting:
    def test_makes_nothing(self, tmp_path):
        with pytest.raises(UsageError, match=r"no such directory.*`slipway run` makes one"):
            Home.existing(tmp_path / "none")
        assert listing(tmp_path) == []

    def test_other_directory_is_no_home(self, tmp_path):
        with pytest.raises(UsageError, match=r"no home\.json in it"):
            Home.existing(tmp_path)

    def test_restores_nothing(self, tmp_path):
        Home.open(tmp_path).reports.rmdir()
        Home.existing(tmp_path)
        assert not (tmp_path / "reports").exists()

    def test_newer_format(self, tmp_path):
        (tmp_path / "home.json").write_text('{"format": 2}')
        with pytest.raises(UsageError, match=r"format 1 or older.*format 2"):
            Home.existing(tmp_path)


class TestNewRunId:
    def test_shape(self):
        assert re.fullmatch(r"\d{8}T\d{6}-\d{6}-[0-9a-f]{4}-taxi", new_run_id("taxi"))

    def test_unique_and_sorted_while_the_clock_stands_still(self, monkeypatch):
        monkeypatch.setattr("pipeline.home.time.time_ns", lambda: 1_795_335_302_123_456_789)
        ids = [new_run_id("taxi") for _ in range(2000)]
        assert len(set(ids)) == len(ids)
        assert ids == sorted(ids)

    def test_unique_over_threads(self, monkeypatch):
        monkeypatch.setattr("pipeline.home.secrets.token_hex", lambda size: "0000")
        ids: list[str] = []
        threads = [threading.Thread(target=lambda: ids.extend(new_run_id("t") for _ in range(300))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(ids)) == len(ids) == 2400

    def test_two_processes_in_the_same_microsecond_differ_by_the_random_part(self, monkeypatch):
        monkeypatch.setattr("pipeline.home.time.time_ns", lambda: 1_795_335_302_123_456_789)
        ids = []
        for _ in range(8):
            monkeypatch.setattr(home_module, "_clock", home_module._Clock())
            ids.append(new_run_id("taxi"))
        assert {name[:22] for name in ids} == {"20261122T081502-123456"}
        # Eight draws from 65,536: all the same has a chance of 1e-34.
        assert len(set(ids)) > 1

    @given(st.text(max_size=30))
    def test_safe_in_file_names(self, task):
        assert re.fullmatch(r"[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?", new_run_id(task))


def test_nearest_existing(tmp_path):
    assert nearest_existing(tmp_path) == tmp_path
    assert nearest_existing(tmp_path / "a" / "b") == tmp_path
    assert nearest_existing(Path("/no-such-folder/x")) == Path("/")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
