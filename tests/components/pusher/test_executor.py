"""The executor on TFX's own artifacts: what blesses a push, and what ML Metadata is told of it."""

from pathlib import Path

import pytest
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts
from tfx.utils import json_utils, proto_utils

from components.pusher.executor import Executor


@pytest.fixture
def model(tmp_path) -> standard_artifacts.Model:
    artifact = standard_artifacts.Model()
    artifact.uri = str(tmp_path / "model")
    serving = tmp_path / "model" / "Format-Serving"
    serving.mkdir(parents=True)
    (serving / "saved_model.pb").write_text("graph")
    return artifact


def push(model, serving: Path, blessed: int = 1, keep: int | None = None, number: int = 1):
    blessing, pushed = standard_artifacts.ModelBlessing(), standard_artifacts.PushedModel()
    blessing.set_int_custom_property("blessed", blessed)
    pushed.uri = str(serving.parent / f"pushed_model_{number}")
    Path(pushed.uri).mkdir()
    destination = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(serving))
    )
    Executor().Do(
        {"model": [model], "model_blessing": [blessing]},
        {"pushed_model": [pushed]},
        {
            "push_destination": proto_utils.proto_to_json(destination),
            "custom_config": json_utils.dumps({"keep": keep}),
        },
    )
    return pushed


def test_a_blessed_model_is_pushed_and_recorded(model, tmp_path):
    pushed = push(model, tmp_path / "serving")
    [version] = [path for path in (tmp_path / "serving").iterdir() if path.name.isdecimal()]
    assert (version / "saved_model.pb").read_text() == "graph"
    assert (Path(pushed.uri) / "saved_model.pb").read_text() == "graph"
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_destination") == str(version)
    assert pushed.get_string_custom_property("pushed_version") == version.name


def test_two_in_a_second_are_two_versions(model, tmp_path):
    made = [push(model, tmp_path / "serving", number=number) for number in (1, 2)]
    first, second = (int(pushed.get_string_custom_property("pushed_version")) for pushed in made)
    assert second > first


def test_what_is_not_blessed_is_not_pushed(model, tmp_path):
    pushed = push(model, tmp_path / "serving", blessed=0)
    assert not (tmp_path / "serving").exists()
    assert pushed.get_int_custom_property("pushed") == 0


def test_old_versions_go_where_few_are_kept(model, tmp_path):
    made = [push(model, tmp_path / "serving", keep=2, number=number) for number in (1, 2, 3)]
    left = {path.name for path in (tmp_path / "serving").iterdir() if path.name.isdecimal()}
    assert left == {pushed.get_string_custom_property("pushed_version") for pushed in made[1:]}
