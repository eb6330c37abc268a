"""What a run would change is told from files: the configuration, the data, the code, and what the last run made."""

import dataclasses

import pytest

from components.errors import UsageError
from components.trainer.config import ModelConfig, TrainingConfig
from pipeline import data_source
from pipeline.config import DataConfig, EvaluationConfig, SchemaConfig, TaskConfig, TransformConfig, override
from pipeline.home import Home
from pipeline.runner import up_to_date
from pipeline.runner.up_to_date import LastRun
from tests.pipeline.record_files import write

ROOTS = ("pipeline.config.override",)


@pytest.fixture
def home(tmp_path):
    return Home.open(tmp_path / "home")


@pytest.fixture
def task(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for split in ("train", "eval"):
        write(folder / f"{split}-0.tfrecord.gz", [b"row"])
    schema = tmp_path / "schema.pbtxt"
    schema.write_text("")
    return TaskConfig(
        name="tiny",
        summary="A task for tests.",
        data=DataConfig(path=str(folder)),
        schema=SchemaConfig(str(schema)),
        transform=TransformConfig("a.b"),
        training=TrainingConfig(ModelConfig("a.b"), label="label", loss="mse"),
        evaluation=EvaluationConfig(label="label", metrics=("AUC",)),
    )


@pytest.fixture
def last(home, task, tmp_path):
    """Notes a run that has made two artifacts and pushed a version."""
    for name in ("Trainer", "Transform", "serving"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("content")
    home.pipelines("tiny").mkdir()
    source = data_source.find(task.data.path, task.data.splits, task.data.eval_share)
    last = LastRun("run-1", tmp_path / "serving")
    told = up_to_date.inputs(task, source, ROOTS)
    up_to_date.remember(home, "tiny", last, told, [str(tmp_path / "Trainer"), str(tmp_path / "Transform")])
    return last


def test_nothing_has_changed(home, task, last):
    assert up_to_date.find(home, task) == last


def test_nobody_knows_before_the_first_run(home, task):
    assert up_to_date.find(home, task) is None


def test_another_configuration_is_a_change(home, task, last):
    assert up_to_date.find(home, override(task, ["training.seed=7"])) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: (place / "data" / "train-0.tfrecord.gz").write_bytes(b""),
        lambda place: write(place / "data" / "train-1.tfrecord.gz", [b"more"]),
        lambda place: (place / "schema.pbtxt").write_text("# more"),
        lambda place: (place / "Trainer" / "file").unlink(),
        lambda place: (place / "Trainer" / "file").write_text("other"),
        lambda place: (place / "Transform" / "more").touch(),
        lambda place: (place / "serving" / "file").write_text("conten"),
        lambda place: (place / "serving").rename(place / "elsewhere"),
        lambda place: (place / "home" / "pipelines" / "tiny" / up_to_date.FILE).write_text("{"),
    ],
    ids=["data", "more data", "schema", "gone", "changed", "more files", "pushed cut", "pushed gone", "note broken"],
)
def test_every_change_is_seen(home, task, last, tmp_path, damage):
    damage(tmp_path)
    assert up_to_date.find(home, task) is None


def test_edited_code_and_other_versions_are_a_change(home, task, last, monkeypatch):
    monkeypatch.setattr(up_to_date, "modules", lambda *roots: {"pipeline.config": "other"})
    assert up_to_date.find(home, task) is None
    monkeypatch.undo()
    monkeypatch.setattr(up_to_date, "versions", lambda: {"tfx": "1.22.0"})
    assert up_to_date.find(home, task) is None


def test_data_that_cannot_be_found_are_a_change_and_the_run_says_so(home, task, last):
    lost = dataclasses.replace(task, data=DataConfig(path="/no/such/folder"))
    assert up_to_date.find(home, lost) is None
    with pytest.raises(UsageError):
        data_source.find(lost.data.path, lost.data.splits, lost.data.eval_share)
