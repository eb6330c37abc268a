import json
import shutil
from pathlib import Path

import pytest

from components.errors import UsageError
from pipeline.cli import main
from pipeline.new import launch
from tests.pipeline.new.tables import passengers, write


@pytest.fixture
def project(tmp_path) -> Path:
    root = tmp_path / "project"
    for folder in ("pipeline/tasks", "schemas", "tests"):
        (root / folder).mkdir(parents=True)
    return root


@pytest.fixture
def new(project, capsys):
    """Calls `slipway new`; returns the exit code and what was printed on standard error."""

    def call(*arguments):
        code = main(["new", *map(str, arguments), "--project", str(project)])
        return code, capsys.readouterr().err

    return call


def _files(project):
    return sorted(str(path.relative_to(project)) for path in project.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["Ships", "2ships", "my-ships", "class", "", "../ships", "a" * 41])
def test_a_name_that_is_none_of_a_package_is_bad_usage(new, project, tmp_path, name):
    code, error = new(name, "--from", passengers(tmp_path / "a.csv"))
    assert code == 2
    assert "A task's name must be" in error


@pytest.mark.parametrize("place", ["pipeline/tasks/ships", "schemas/ships", "tests/pipeline/tasks/ships"])
def test_what_exists_is_never_overwritten(new, project, tmp_path, place):
    (project / place).mkdir(parents=True)
    code, error = new("ships", "--from", passengers(tmp_path / "a.csv"), "--label", "survived")
    assert code == 2
    assert f"must not exist yet. Received: {project / place}" in error
    assert _files(project) == []


def test_a_folder_that_is_no_project_is_bad_usage(new, project, tmp_path):
    shutil.rmtree(project / "schemas")
    code, error = new("ships", "--from", passengers(tmp_path / "a.csv"))
    assert code == 2
    assert "must be a checkout" in error


@pytest.mark.parametrize(
    ("rows", "arguments", "code", "message"),
    [
        ([{"a": 1, "b": 2}], [], 2, "no --label. Give --label COLUMN, one of: a, b."),
        ([{"survived": 1, "b": 2}], ["--label", "surived"], 2, "Did you mean 'survived'?"),
        ([{"a": n, "y": 1} for n in range(50)], [], 3, "y, which is 1 in all 50 rows"),
        ([{"a": n, "y": "b" if n == 7 else "a"} for n in range(50)], [], 3, "b with 1"),
        ([{"a": n, "y": "" if n % 4 else n % 8} for n in range(50)], [], 3, "missing in 37 of 50"),
    ],
    ids=["no label", "mistyped label", "constant label", "rare class", "missing label"],
)
def test_a_table_is_refused_in_a_line_and_nothing_is_written(new, project, tmp_path, rows, arguments, code, message):
    found, error = new("ships", "--from", write(tmp_path / "a.csv", rows), *arguments)
    assert found == code
    assert message in error
    assert len(error.splitlines()) == 1
    assert _files(project) == []


def test_data_that_are_not_there_are_bad_usage(new):
    code, error = new("ships", "--from", "nothing/here")
    assert code == 2
    assert "--from nothing/here" in error


@pytest.mark.parametrize("arguments", [("--label", "x"), ("--leave-out", "x")], ids=["label", "column"])
def test_a_folder_of_files_has_no_columns(new, tmp_path, arguments):
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "1.png").touch()
    code, error = new("cats", "--from", tmp_path / "cats" / "..", *arguments)
    assert code == 2
    assert arguments[0] in error


def test_one_class_is_refused(new, tmp_path):
    (tmp_path / "data" / "cats").mkdir(parents=True)
    (tmp_path / "data" / "cats" / "1.png").touch()
    code, error = new("cats", "--from", tmp_path / "data")
    assert code == 3
    assert "There must be two classes at least. Received: cats." in error


def test_audio_files_that_cannot_be_read_are_refused_above_the_share(new, tmp_path):
    for name in ("kick", "snare"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(10):
            (tmp_path / "data" / name / f"{number}.wav").write_bytes(b"no sound")
    code, error = new("drumming", "--from", tmp_path / "data")
    assert code == 3
    assert "20 of 20 files cannot be read" in error


def test_a_half_written_task_is_taken_back(project, monkeypatch):
    files = {f"{place}/file.py": "" for place in ("schemas/x", "tests/pipeline/tasks/x", "pipeline/tasks/x")}
    (project / "pipeline/tasks/x").mkdir()
    (project / "pipeline/tasks/x/mine.py").touch()
    with pytest.raises(UsageError, match="must not exist yet"):
        launch.write(project, "x", files)
    assert _files(project) == ["pipeline/tasks/x/mine.py"]


def test_what_was_found_is_told_as_json_and_on_the_terminal(project, tmp_path, capsys, monkeypatch):
    from components.settings import from_dict, to_dict
    from pipeline.new.request import NewRequest

    def answer(module, question, waiting):
        return to_dict(from_dict(NewRequest, question).findings)

    monkeypatch.setattr(launch, "ask", answer)
    arguments = ["--from", str(passengers(tmp_path / "a.csv")), "--label", "survived", "--project", str(project)]
    assert main(["new", "ships", "--json", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"]["ship"] == "always the same"
    assert main(["new", "boats", *arguments]) == 0
    out = capsys.readouterr().out
    assert "120 rows, about 24 of them for evaluation. One of two classes is learned" in out
    assert "Left out  ship: always the same" in out
    assert "Run it    python local_runner.py boats" in out
