import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.pusher import versions
from pipeline.cli import main


@pytest.fixture
def serving(tmp_path, monkeypatch) -> Path:
    """Three versions of taxi in a home in the current folder: models a, b and c."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLIPWAY_HOME", raising=False)
    folder = tmp_path / ".slipway" / "serving" / "taxi"
    for number, name in ((10, "a"), (20, "b"), (30, "c")):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "saved_model.pb").write_text(name)
    (tmp_path / ".slipway" / "home.json").write_text('{"format": 1}')
    return folder


def served(folder: Path) -> str:
    return (folder / str(versions.numbers(folder)[-1]) / "saved_model.pb").read_text()


def test_the_version_before_answers_again_and_again_the_one_before_that(serving, capsys):
    assert main(["rollback", "taxi"]) == 0
    assert served(serving) == "b"
    newest = versions.numbers(serving)[-1]
    assert (
        capsys.readouterr().out == f"Version 20 answers again, as version {newest} in .slipway/serving/taxi/{newest}\n"
    )
    assert main(["rollback", "taxi"]) == 0
    assert served(serving) == "a"
    assert main(["rollback", "taxi"]) == 2
    assert capsys.readouterr().err.startswith("error: There must be a version to go back to. Received: 10, 20, 30, ")
    assert [(serving / name / "saved_model.pb").read_text() for name in ("10", "20", "30")] == ["a", "b", "c"]


def test_a_version_can_be_named_also_one_to_go_forward_to(serving, capsys):
    assert main(["rollback", "taxi", "10"]) == 0
    assert main(["rollback", "taxi", "30", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["task"], told["rolled_back_to"]) == ("taxi", 30)
    assert versions.numbers(serving)[-1] == told["version"]
    assert served(serving) == "c"


def test_a_copy_stands_for_what_it_is_a_copy_of(serving):
    assert main(["rollback", "taxi", "10"]) == 0
    copy = versions.numbers(serving)[-1]
    assert main(["rollback", "taxi", "30", "--set", "push.keep=3"]) == 0
    # 10 and 20 are gone, and with them all but the copy of the first.
    assert main(["rollback", "taxi", str(copy)]) == 0
    assert served(serving) == "a"
    assert versions.origin(serving, versions.numbers(serving)[-1]) == 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["taxi", "21"], "Received: 21. Known: 10, 20, 30."),
        (["taxi", "latest"], "A version must have been pushed"),
        (["taxi", "30"], "another one than that which answers. Received: 30."),
        (["taxy"], "Did you mean 'taxi'?"),
        (["fashion"], "There must be a version to go back to. Received: none in .slipway/serving/fashion."),
        (["taxi", "--set", "push.keep=0"], "`push.keep` must be at least 1."),
        (["taxi", "--home", "nowhere"], "nowhere"),
    ],
)
def test_bad_input_is_an_error_of_one_line_and_changes_nothing(serving, capsys, arguments, words):
    assert main(["rollback", *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1
    assert versions.numbers(serving) == [10, 20, 30]


def test_it_needs_no_tensorflow():
    code = "import sys; import pipeline.commands.rollback; print({'tensorflow', 'tfx', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
