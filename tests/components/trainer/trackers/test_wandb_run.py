"""Read back from the file of an offline run, which W&B itself only reads to upload it."""

import json
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from components.trainer.tracker_config import WandbConfig
from components.trainer.trackers.tracker import RunInfo
from tests.components.trainer.trackers.wandb_file import records

wandb = pytest.importorskip("wandb", reason="Weights & Biases is not installed")
# It starts a program of its own for a run.
pytestmark = pytest.mark.slow

SECRET = "0123456789abcdef0123456789abcdef01234567"
INFO = RunInfo("taxi-1/7", "taxi", {"optimizer.learning_rate": 0.001, "epochs": None}, {"mlmd.execution": "7"})


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def written(home):
    """A run that went well and one that failed, as lists of records."""
    from components.trainer.trackers.wandb_run import WandbRun

    picture = home / "history.png"
    FigureCanvasAgg(Figure(figsize=(1, 1))).print_png(picture)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_API_KEY", SECRET)
        patch.setenv("WANDB_MODE", "online")
        good, bad = (WandbRun(WandbConfig(folder=str(home)), INFO) for _ in range(2))
        for epoch, loss in enumerate([0.5, 0.25], start=1):
            good.log_metrics(epoch, {"loss": loss})
        good.log_picture(picture)
        good.finish(failed=False)
        bad.finish(failed=True)
        # The program that writes the files is asked to end, as it is at the end of a process.
        wandb.teardown()
    return {name: (run.run, list(records(file_of(run)))) for name, run in {"good": good, "bad": bad}.items()}


def file_of(run) -> Path:
    (path,) = Path(run.run.location).glob("*.wandb")
    return path


def test_parameters_and_the_ids_of_ml_metadata_are_in_the_config(written):
    run, kept = written["good"]
    (started,) = [record.run for record in kept if record.HasField("run")]
    assert (started.run_id, started.project, started.display_name) == (run.run_id, "taxi", "taxi-1/7")
    config = {item.key: json.loads(item.value_json) for item in started.config.update}
    assert {**INFO.parameters, **INFO.tags}.items() <= config.items()


def test_every_epoch_has_its_metrics(written):
    _, kept = written["good"]
    rows = [
        {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
        for record in kept
        if record.HasField("history")
    ]
    assert [(row["_step"], row["loss"]) for row in rows if "loss" in row] == [(1, 0.5), (2, 0.25)]


def test_the_picture_is_kept(written):
    run, _ = written["good"]
    (picture,) = (Path(run.location) / "files" / "media" / "images").glob("history_*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "code"), [("good", 0), ("bad", 1)])
def test_the_end_is_kept(written, name, code):
    _, kept = written[name]
    (end,) = [record.exit for record in kept if record.HasField("exit")]
    assert end.exit_code == code


def test_offline_it_stays_in_the_folder_with_no_secret_and_nothing_about_the_machine(written, home):
    files = [path for path in home.rglob("*") if path.is_file()]
    assert Path(written["good"][0].location).is_relative_to(home)
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path
    assert not {"wandb-metadata.json", "requirements.txt"} & {path.name for path in files}
