"""A whole run with an Embedder: heads train on its records, the model serves raw pictures, questions are answered."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.settings import to_dict
from components.trainer.hub.converters import saved_module
from pipeline import tasks
from pipeline.class_names import CLASSES_FILE
from pipeline.cli import main
from pipeline.config import override
from pipeline.embedding.neighbours import neighbours
from pipeline.embedding.question import NeighboursQuestion, SimilarityQuestion
from pipeline.embedding.similarity import similarity
from pipeline.home import Home

ROWS = 700

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> list[str]:
    """A module that says how bright each of 16 parts of a picture is, and a head on it."""

    def brightness(pictures):
        return tf.reshape(tf.nn.avg_pool2d(pictures, 7, 7, "VALID"), [-1, 16])

    pictures = tf.TensorSpec([None, 28, 28, 1], tf.float32, name="inputs")
    module = saved_module.save(brightness, pictures, [], tmp_path_factory.mktemp("hub") / "brightness")
    return [
        f"data.params.rows={ROWS}",
        "embedding.enabled=true",
        f"embedding.module={module}",
        "embedding.prepare=null",
        "embedding.rows_per_file=100",
        "training.model={build: components.embedding.head.build_model, params: {classes: 10, units: 32}}",
        "evaluation.thresholds.SparseCategoricalAccuracy.lower=0.3",
    ]


@pytest.fixture(scope="module")
def home(run_local, tmp_path_factory, settings) -> Home:
    home = tmp_path_factory.mktemp("home") / "home"
    changes = [part for setting in settings for part in ("--set", setting)]
    first = run_local("fashion", "--home", home, *changes, timeout=590)
    assert first.returncode == 0, first.stderr
    again = run_local("fashion", "--home", home, "--from", "Embedder", "--to", "Embedder", "--no-cache", *changes)
    assert again.returncode == 0, again.stderr
    return Home.at(home)


def test_a_second_run_embeds_nothing(home):
    logs = [file.read_text() for file in sorted(home.runs.glob("*/logs/Embedder.txt"))]
    assert [re.findall(r"(\d+) of (\d+) rows are to be embedded", log) for log in logs] == [
        [(str(ROWS), str(ROWS))],
        [("0", str(ROWS))],
    ]


def test_the_pushed_model_names_the_classes_of_a_picture(home, tmp_path, capsys):
    picture, _ = _first(home)
    (tmp_path / "picture").write_bytes(picture)
    assert main(["classify", "fashion", str(tmp_path / "picture"), "--home", str(home.root), "--json"]) == 0
    [item] = json.loads(capsys.readouterr().out)["items"]
    names = (home.data("fashion") / CLASSES_FILE).read_text().splitlines()
    assert len(item["classes"]) == 5
    assert all(one["class"] == names[one["id"]] for one in item["classes"])
    (tmp_path / "picture").write_bytes(picture[:50])
    assert main(["classify", "fashion", str(tmp_path / "picture"), "--home", str(home.root)]) == 3
    assert "able to read the input" in capsys.readouterr().err


def test_a_picture_of_the_split_is_its_own_nearest_neighbour(home, settings, tmp_path):
    picture, label = _first(home)
    (tmp_path / "picture").write_bytes(picture)
    config = to_dict(override(tasks.load("fashion"), settings))
    found = neighbours(to_dict(NeighboursQuestion(str(home.root), config, str(tmp_path / "picture"), k=3)))
    nearest = found["neighbours"][0]
    assert (nearest["distance"], nearest["label"]) == (pytest.approx(0, abs=1e-5), label)
    assert nearest["example"]["class_name"] == nearest["class"]
    assert Path(found["picture"]).read_bytes().startswith(b"\x89PNG")
    row = neighbours(to_dict(NeighboursQuestion(str(home.root), config, f"#{nearest['row']}", k=2)))
    assert [one["row"] for one in row["neighbours"]] == [one["row"] for one in found["neighbours"][1:]]


def test_classes_are_more_like_themselves(home, settings):
    config = to_dict(override(tasks.load("fashion"), settings))
    picture = home.reports / "similarity.png"
    found = similarity(to_dict(SimilarityQuestion(str(home.root), config, 40, "eval", str(picture))))
    assert found["rows"] == ROWS // 7
    assert found["within"] > found["between"]
    assert np.array(found["matrix"], float).shape == (len(found["classes"]),) * 2
    assert picture.read_bytes().startswith(b"\x89PNG")


def _first(home: Home) -> tuple[bytes, int]:
    file = sorted(map(str, home.data("fashion").glob("eval-*.gz")))[0]
    record = next(iter(tf.data.TFRecordDataset(file, "GZIP"))).numpy()
    features = tf.train.Example.FromString(record).features.feature
    return features["image"].bytes_list.value[0], features["label"].int64_list.value[0]
