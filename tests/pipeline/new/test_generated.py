"""The files of tasks of every kind: they pass the linter as written, and TFX reads their schema."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from pipeline.new import launch, render, source, survey_csv, survey_folders
from pipeline.new.findings import Findings
from pipeline.new.request import NewRequest
from pipeline.new.worker import look
from tests.pipeline.new.records import pictures, tfrecords, tones
from tests.pipeline.new.tables import passengers, write

ROOT = Path(__file__).resolve().parents[3]
# As they stand in a CSV, with one that needs no quotes, one with a dash that looks like a hyphen, one like an escape.
ODD_CLASSES = ('"say ""hi"""', "it's", "caf\xe9 \u2013 bar", "back\\slash")


def _csv(label: str) -> Callable[[Path, str], Findings]:
    def findings(path: Path, name: str) -> Findings:
        found = source.detect(path)
        return look(NewRequest(name, found, findings=survey_csv.survey(found, name, label, ())))

    return findings


def _folder(path: Path, name: str) -> Findings:
    found = source.detect(path)
    return look(NewRequest(name, found, findings=survey_folders.survey(found, name, None)))


def _records(path: Path, name: str) -> Findings:
    return look(NewRequest(name, source.detect(path), label="y"))


def _odd_names(path: Path) -> Path:
    rows = [f"{number / 7},{'ab'[number % 2]},{ODD_CLASSES[number % 4]}" for number in range(60)]
    path.write_text("\n".join(['"a very, odd: név",word\'s,y', *rows]) + "\n", encoding="utf-8")
    return path


def _numbers(path: Path) -> Path:
    names = {f"a_column_with_a_long_name_{factor}": factor for factor in range(2, 12)}
    rows = [{name: number * factor % 11 for name, factor in names.items()} for number in range(60)]
    return write(path, [{**row, "y": number % 3} for number, row in enumerate(rows)])


def _prices(path: Path) -> Path:
    rows = [f"{number % 9};{'' if number % 5 == 0 else number};{number * 1000.5}" for number in range(90)]
    path.write_text("\n".join(["rooms;area;price", *rows]) + "\n")
    return path


def _vectors(path: Path) -> Path:
    rows = [{"v": [number / 3, 1.0], "t": ["x", "y"], "y": number % 2} for number in range(60)]
    return tfrecords(path / "a.tfrecord", rows)


def _words(path: Path) -> Path:
    return tfrecords(
        path / "a.tfrecord",
        [{"a/b": f"some longer text {number}", "c": "xy"[number % 2], "y": float(number)} for number in range(60)],
    )


MADE = {
    "passengers": (lambda path: passengers(path / "a.csv"), _csv("survived")),
    "odd_names": (lambda path: _odd_names(path / "a.csv"), _csv("y")),
    "numbers": (lambda path: _numbers(path / "a.csv"), _csv("y")),
    "prices": (lambda path: _prices(path / "a.csv"), _csv("price")),
    "vectors": (_vectors, _records),
    "words": (_words, _records),
    "grey": (lambda path: pictures(path / "p", {"dark": 0, "grey": 100, "light": 200}), _folder),
    "colours": (lambda path: pictures(path / "p", {"dark": 0, "light": 200}, channels=3, size=70), _folder),
    "tones": (lambda path: tones(path / "t", {"low": 200, "mid": 800, "high": 2000}), _folder),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project's code with a generated task of every kind."""
    root = tmp_path_factory.mktemp("project")
    for folder in ("pipeline", "components"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "schemas").mkdir()
    shutil.copy(ROOT / "pyproject.toml", root)
    for name, (make, find) in MADE.items():
        data = tmp_path_factory.mktemp(name)
        launch.write(root, name, render.files(find(make(data), name)))
    return root


@pytest.mark.parametrize("check", [("check",), ("format", "--diff")], ids=["check", "format"])
def test_the_code_passes_the_linter_as_written(project, check):
    places = [place for name in MADE for place in render.paths(name).values() if not place.startswith("schemas")]
    command = [sys.executable, "-m", "ruff", *check, "--no-cache", *places]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", MADE)
def test_the_schema_is_one_that_tfx_reads(project, name):
    text = (project / "schemas" / name / "schema.pbtxt").read_text()
    schema = text_format.Parse(text, schema_pb2.Schema())
    served = [feature.name for feature in schema.feature if "SERVING" not in feature.not_in_environment]
    assert served
    assert schema.feature[0].not_in_environment == ["SERVING"]
    assert all(feature.type for feature in schema.feature)


@pytest.mark.parametrize("name", MADE)
def test_nothing_but_the_task_is_in_the_project(project, name):
    assert sorted(path.name for path in (project / "pipeline" / "tasks" / name).iterdir()) == [
        "__init__.py",
        "data.py",
        "model.py",
        "preprocessing.py",
        "task.py",
    ]
    assert not list(project.glob(".new-*"))


def test_classes_keep_their_names_whatever_is_in_them(project):
    code = (project / "pipeline/tasks/odd_names/data.py").read_text()
    [names] = re.findall(r"^CLASSES = (.*)$", code, re.MULTILINE)
    assert ast.literal_eval(names) == ("back\\slash", "caf\xe9 \u2013 bar", "it's", 'say "hi"')
