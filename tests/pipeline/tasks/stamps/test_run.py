"""The stamps pipeline as a user runs it, on made stamps and with tiny encoders, and its variants compared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.tasks.stamps.data import CLASSES
from tests.pipeline.tasks.fashion.images import encoded, noise
from tests.pipeline.tasks.in_place import ROOT

pytestmark = pytest.mark.slow

RECIPE = [
    {"epochs": 12, "rules": [["probabilities/.*", 0.03], [".*", None]]},
    {"epochs": 1, "rules": [["(probabilities|picture/head)/.*", 0.0001], [".*", None]]},
]

SERVED_ALONE = """
import json, pathlib, sys
import tensorflow as tf
predict = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
captions = json.loads(sys.argv[3])
files = [pathlib.Path(sys.argv[2]).read_bytes()] * len(captions)
print(json.dumps(predict(image=tf.constant(files), caption=tf.constant(captions))["probabilities"].numpy().tolist()))
"""


@pytest.fixture(scope="module")
def stamps(tmp_path_factory) -> Path:
    """Twelve pictures of noise for each class, whose captions tell it; one has none."""
    root = tmp_path_factory.mktemp("stamps")
    for category in CLASSES:
        (root / category).mkdir()
        for number, letter in enumerate("abcdefghijkl"):
            file = root / category / f"{category}{letter}.png"
            file.write_bytes(encoded(noise(20, 12, 4, seed=number)))
            if number:
                file.with_suffix(".txt").write_text(f"{category.capitalize()}, number {number}.\n")
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("stamps_run") / "home"


@pytest.fixture(scope="module")
def training(encoders) -> list[str]:
    """What makes the task's training a tiny one."""
    handles = {f"training.model.params.{name}": handle for name, handle in encoders.items()}
    return _set({"training.batch_size": 8, **handles})


@pytest.fixture(scope="module")
def run(home, stamps, training, run_local):
    changes = {
        "data.params.stamps_path": stamps,
        "transform.params.size": 16,
        "training.recipe": json.dumps(RECIPE),
    }
    return run_local("stamps", "--home", home, *training, *_set(changes))


def _set(changes: dict[str, object]) -> list[str]:
    return [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]


def test_a_model_is_pushed_and_judged_by_class(run, home):
    assert run.returncode == 0, run.stderr
    [folder] = (home / "runs").glob("*-stamps")
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    [event] = [event for event in events if event["event"] == "evaluation"]
    assert event["blessed"]
    assert {row["slice"] for row in event["rows"]} == {"", *(f"category={name}" for name in CLASSES)}
    assert [event["stage"] for event in events if event["event"] == "epoch"] == [1] * 12 + [2]


def test_it_reads_captions_and_does_without_in_another_process(run, home, stamps):
    captions = [*CLASSES, "", "nobody knows this word"]
    [version] = (home / "serving" / "stamps").glob("[0-9]*")
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            SERVED_ALONE,
            str(version),
            str(stamps / "food" / "fooda.png"),
            json.dumps(captions),
        ],
        env={"PATH": os.environ["PATH"], "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    served = np.array(json.loads(done.stdout))
    np.testing.assert_allclose(served.sum(1), 1, atol=1e-5)
    assert served[: len(CLASSES)].argmax(1).tolist() == list(range(len(CLASSES)))
    # A text of unknown words is zeros to its encoder, like no text.
    np.testing.assert_allclose(served[-1], served[-2], atol=1e-6)


def test_variants_are_compared_on_its_examples(run, home, training):
    command = [sys.executable, "-m", "pipeline.cli", "compare-variants", "stamps", "--home", str(home), *training]
    options = ["--variants", "image_only,text_only", "--seeds", "2", "--epochs", "6", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True, cwd=ROOT, timeout=200)
    found = json.loads(done.stdout)
    text, image = found["standings"]
    # Only the captions tell anything.
    assert (text["contender"], image["contender"]) == ("text_only", "image_only")
    assert text["metric"]["low"] > image["metric"]["high"]
    assert (text["finished"], found["seeds"], found["epochs"]) == (2, [1, 2], 12)
    assert text["parameters"] == 7 * 8 + 7
    assert image["parameters"] == 7 * 4 + 7 + 2 * 16
    assert {"variants.png", "results.json"} <= {path.name for path in Path(found["folder"]).iterdir()}
