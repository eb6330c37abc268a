import dataclasses
import json

import pytest

from components.errors import UsageError
from pipeline import counted_rows, data_check, data_source, manifest, tasks, training_length
from pipeline.config import override
from pipeline.home import Home
from tests.pipeline.record_files import rows, write

TAXI = tasks.load("taxi")


@pytest.fixture
def home(tmp_path):
    return Home.open(tmp_path / "home")


def counted(task, folder, home, **shards):
    """Writes rows and has them counted, as a run does."""
    for name, count in shards.items():
        write(folder / f"{name}-0.tfrecord.gz", rows(count))
    source = data_source.find(folder, task.data.splits, task.data.eval_share)
    data_check.verify(source, home.data(task.name) / counted_rows.CACHE)


def own_data(tmp_path, **changes):
    return dataclasses.replace(TAXI, data=dataclasses.replace(TAXI.data, path=str(tmp_path / "own"), **changes))


def test_rows_make_the_steps_of_the_trainers_plan():
    assert training_length.from_rows(TAXI, 10_051, 4_951, "x") == (252, "x")


def test_steps_are_shared_out_among_the_epochs():
    assert training_length.from_steps(TAXI, 400).steps == 100
    with pytest.raises(UsageError, match=r"Received: steps=401 for 4 epochs. Take 400"):
        training_length.from_steps(TAXI, 401)


def test_the_configuration_decides_first(home):
    task = override(TAXI, ["training.steps_per_epoch=7"])
    assert training_length.known(task, home) == (7, "training.steps_per_epoch")


def test_data_of_ones_own_are_known_once_a_run_has_counted_them(tmp_path, home):
    task = own_data(tmp_path)
    counted(task, tmp_path / "own", home, train=400, eval=40)
    assert training_length.known(task, home) == (10, f"400 rows in {tmp_path / 'own'}")


def test_data_that_have_changed_are_not_known(tmp_path, home):
    task = own_data(tmp_path)
    counted(task, tmp_path / "own", home, train=400, eval=40)
    write(tmp_path / "own" / "train-1.tfrecord.gz", rows(5))
    with pytest.raises(UsageError, match=r"no run of `taxi` has counted.*--rows N or --steps N"):
        training_length.known(task, home)


def test_of_rows_that_are_split_by_hash_the_share_is_known(tmp_path, home):
    task = own_data(tmp_path, splits={"train": "", "eval": ""})
    counted(task, tmp_path / "own", home, part=500)
    assert training_length.known(task, home) == (10, f"80% of the 500 rows in {tmp_path / 'own'}")


def test_prepared_data_are_known_unless_they_were_made_with_other_parameters(home):
    folder = home.data("taxi")
    counted(TAXI, folder, home, train=400, eval=40)
    (folder / manifest.MANIFEST).write_text(json.dumps({"key": {"rows": None, "seed": 0, "code": "digest"}}))
    assert training_length.known(TAXI, home).steps == 10
    with pytest.raises(UsageError, match="must be known"):
        training_length.known(override(TAXI, ["data.params.rows=100"]), home)


def test_nothing_is_known_of_data_that_are_not_there(home):
    with pytest.raises(UsageError, match="must be known"):
        training_length.known(TAXI, home)
    with pytest.raises(UsageError, match="folder must exist"):
        training_length.known(override(TAXI, ["data.path=/nowhere"]), home)
