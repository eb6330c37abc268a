"""New tasks as a user makes and runs them, in a copy of the project."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.new.records import pictures
from tests.pipeline.new.tables import passengers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
COPIED = ("pipeline", "components", "schemas", "local_runner.py", "pyproject.toml", "requirements")


def _call(*arguments: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "SLIPWAY_HOME"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of the project in which `slipway new` has made a task from a CSV and one from pictures."""
    folder = tmp_path_factory.mktemp("new")
    root = folder / "project"
    root.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    table = passengers(folder / "passengers.csv", rows=400)
    dark_and_light = pictures(folder / "pictures", {"dark": 0, "light": 200}, count=30)
    for arguments in (("ships", "--from", table, "--label", "survived"), ("shades", "--from", dark_and_light)):
        # In the copy itself, from another folder: nothing has to be installed.
        done = _call("-m", "pipeline.cli", "new", *arguments, cwd=root)
        assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def run(project) -> "subprocess.CompletedProcess[str]":
    return _call("local_runner.py", "ships", "--home", "home", "--set", "training.epochs=20", cwd=project)


def test_a_task_made_from_a_csv_pushes_a_model(run, project):
    assert run.returncode == 0, run.stderr
    [log] = (project / "home" / "runs").glob("*/events.jsonl")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    [evaluation] = [event for event in events if event["event"] == "evaluation"]
    values = {row["metric"]: row["value"] for row in evaluation["rows"] if not row["slice"]}
    assert values["ExampleCount"] == 80
    # The sex alone is right about nine of ten; the standard error on 80 rows is 0.035.
    assert values["AUC"] > 0.8


def test_its_model_answers_where_values_are_missing_or_new(run, project):
    import tensorflow as tf

    saved = min((project / "home" / "serving" / "ships").glob("*/saved_model.pb"))
    predict = tf.saved_model.load(str(saved.parent)).signatures["serving_default"]
    rows = {
        "name_full": ["Mr A1 of X", "", "Никто"],
        "sex": ["female", "male", "neither"],
        "age": [30, -1, 79],
        "fare": [10.0, 5.0, 1e9],
    }
    specs = predict.structured_input_signature[1]
    assert set(specs) == set(rows)
    answer = predict(**{name: tf.constant(rows[name], spec.dtype) for name, spec in specs.items()})
    probabilities = answer["probability"].numpy().reshape(-1)
    assert np.all((probabilities > 0) & (probabilities < 1))
    assert probabilities[0] > 0.5 > probabilities[1]


def test_the_code_passes_the_type_checker_as_written(project):
    done = _call("-m", "mypy", "pipeline/tasks/ships", "pipeline/tasks/shades", cwd=project)
    assert done.returncode == 0, done.stdout


def test_the_task_made_from_pictures_writes_its_records(project, tmp_path):
    code = (
        "from pipeline import tasks\nfrom pipeline.tasks.shades import data\n"
        f"print(data.prepare({str(tmp_path)!r}, **tasks.load('shades').data.params))"
    )
    done = _call("-c", code, cwd=project)
    assert done.stdout.strip() == "{'train': 48, 'eval': 12}", done.stderr
    assert (tmp_path / "classes.txt").read_text() == "dark\nlight\n"
