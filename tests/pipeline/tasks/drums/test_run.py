"""The drums pipeline as a user runs it, and its model in another process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline import tasks
from pipeline.tasks.drums import data
from pipeline.wav import as_wav

pytest.importorskip("soundfile", reason="soundfile is not installed; `make data` does")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not data.DEBIAN.is_dir(), reason="hydrogen-drumkits is not installed; `make data` does"),
]

SERVED_ALONE = """
import json, pathlib, sys
import tensorflow as tf
predict = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
files = [file.read_bytes() for file in sorted(pathlib.Path(sys.argv[2]).iterdir())]
nothing = {"samples": tf.zeros([len(files), 0]), "rate": tf.fill([len(files)], tf.constant(-1, tf.int64))}
print(json.dumps(predict(wav=tf.constant(files), **nothing)["probabilities"].numpy().tolist()))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("drums") / "home"


@pytest.fixture(scope="module")
def run(home, run_local):
    return run_local("drums", "--home", home)


def test_a_model_is_pushed_that_beats_logistic_regression_on_kits_it_has_not_heard(run, home):
    assert run.returncode == 0, run.stderr
    latest = max((home / "runs").glob("[0-9]*"))
    events = [json.loads(line) for line in (latest / "events.jsonl").read_text().splitlines()]
    [event] = [event for event in events if event["event"] == "evaluation"]
    assert event["blessed"]
    slices = {row["slice"] for row in event["rows"]}
    params = tasks.load("drums").data.params
    assert slices == {"", *(f"drum={drum}" for drum in data.CLASSES), *(f"kit={kit}" for kit in params["eval_kits"])}
    assert event["rows"][0]["value"] > 0.7153


def test_it_predicts_from_files_in_another_process(run, home, tmp_path):
    held_out = set(tasks.load("drums").data.params["eval_kits"])
    sounds = [sample for sample in data.samples() if sample.kit in held_out]
    for number, sample in enumerate(sounds):
        (tmp_path / f"{number:03}").write_bytes(as_wav(sample.path, 2.0))
    [version] = (home / "serving" / "drums").iterdir()
    done = subprocess.run(
        [sys.executable, "-I", "-c", SERVED_ALONE, str(version), str(tmp_path)],
        env={"PATH": os.environ["PATH"], "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    predicted = np.array(json.loads(done.stdout)).argmax(1)
    truth = [list(data.CLASSES).index(sample.drum) for sample in sounds]
    assert (predicted == truth).mean() > 0.7
