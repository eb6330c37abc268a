import fcntl
import json

import pytest

from pipeline.cli import main
from pipeline.home import Home
from pipeline.lineage import Store
from pipeline.payload import measure
from pipeline.runner.task_lock import only_run


@pytest.fixture
def home(tmp_path, recorder):
    """Two runs of one node; the payload of each is 3 bytes."""
    home = Home.open(tmp_path)
    for number in (1, 2):
        folder = home.pipelines("taxi") / "Trainer" / str(number)
        folder.mkdir(parents=True)
        (folder / "weights").write_text("abc")
        told = {"slipway_digest": measure(folder).digest, "slipway_bytes": 3}
        recorder.step("Trainer", outputs=[("Model", folder, told)], run=f"run-{number}", number=str(number))
    return home


def test_garbage_is_shown_first_and_removed_when_that_is_asked_for(home, capsys):
    older, newer = (home.pipelines("taxi") / "Trainer" / number for number in "12")
    for dry in ([], ["--dry-run"]):
        assert main(["gc", "--keep-runs", "1", "--home", str(home.root), *dry]) == 0
        out = capsys.readouterr().out
        assert "Can go: 1 payloads, 3 B. Kept: 1 payloads, 1 of 2 runs.\nNothing was removed yet" in out
        assert older.exists()
    assert main(["gc", "--keep-runs", "1", "--yes", "--json", "--home", str(home.root)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["removed"], told["bytes"], told["kept_runs"]) == (True, 3, ["run-2"])
    assert [one["path"] for one in told["payloads"]] == [str(older)]
    assert (older.exists(), newer.exists()) == (False, True)
    with Store.open(home.metadata_db) as store:
        assert [artifact.state for artifact in store.artifacts()] == ["live", "deleted"]
    assert main(["verify", "--home", str(home.root)]) == 0


def test_few_runs_are_kept_whole(home, capsys):
    assert main(["gc", "--yes", "--home", str(home.root)]) == 0
    assert capsys.readouterr().out == "Removed 0 payloads, 0 B. Kept: 2 payloads, 2 of 2 runs.\n"
    assert main(["gc", "--keep-days", "1", "--keep-runs", "0", "--home", str(home.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["payloads"] == []


def test_nothing_is_removed_while_a_run_goes_on(home, capsys):
    with only_run(home, "taxi", "run-3"):
        assert main(["gc", "--keep-runs", "0", "--home", str(home.root)]) == 0
        assert main(["gc", "--keep-runs", "0", "--yes", "--home", str(home.root)]) == 2
    assert "Nothing is removed while a run goes on. Received: taxi in home=" in capsys.readouterr().err
    assert len(list(home.root.rglob("weights"))) == 2


def test_a_run_that_was_killed_is_not_forgotten(home):
    lock = home.runs / ".taxi.lock"
    lock.write_text("run-9")
    assert main(["gc", "--yes", "--home", str(home.root)]) == 0
    assert lock.read_text() == "run-9"
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("wrong", [["--dry-run", "--yes"], ["--keep-runs", "-1"], ["--keep-days", "x"]])
def test_bad_usage_is_one_line(home, wrong, capsys):
    assert main(["gc", *wrong, "--home", str(home.root)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_is_broken_is_told_by_the_exit_code(home, capsys):
    assert main(["verify", "--home", str(home.root)]) == 0
    assert capsys.readouterr().out == "2 payloads match their digest, 0 do not or are missing.\n"
    orphan = home.pipelines("taxi") / "Trainer" / "3" / "x"
    orphan.parent.mkdir()
    orphan.touch()
    (home.pipelines("taxi") / "Trainer" / "2" / "weights").write_text("abd")
    assert main(["verify", "--home", str(home.root)]) == 1
    out = capsys.readouterr().out
    assert "changed: 3 bytes" in " ".join(out.split())
    assert f"No artifact names\n  {orphan.parent}\n" in out
    assert main(["verify", "--json", "--store", str(home.metadata_db)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(one["id"], one["what"]) for one in told["problems"]] == [(2, "changed")]
    assert (told["matched"], told["orphans"]) == (1, [])


def test_a_store_is_copied(home, tmp_path, capsys):
    assert main(["backup", str(tmp_path / "copy.db"), "--home", str(home.root)]) == 0
    assert capsys.readouterr().out.startswith(f"Copied {home.metadata_db} to {tmp_path / 'copy.db'}, ")
    assert main(["runs", "--store", str(tmp_path / "copy.db"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert main(["backup", str(home.metadata_db), "--home", str(home.root)]) == 2
