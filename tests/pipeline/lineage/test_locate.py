import json

import pytest

from components.errors import UsageError
from components.pusher import versions
from pipeline.lineage.locate import locate


@pytest.fixture
def pushed(recorder, tmp_path):
    """A model, its evaluation inside its folder, and two pushed versions of which the newer is a rollback's."""
    recorder.step("Trainer", outputs=[("Model", tmp_path / "model", {})])
    recorder.step("Evaluator", outputs=[("Evaluation", tmp_path / "model" / "evaluation", {})])
    for number in (10, 20):
        folder = tmp_path / "serving" / str(number)
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").touch()
        recorder.step(
            "Pusher",
            outputs=[
                ("PushedModel", f"/pushed/{number}", {"pushed_destination": str(folder), "pushed_version": str(number)})
            ],
        )
    copy = tmp_path / "serving" / "30" / versions.NOTE_FILE
    copy.parent.mkdir(parents=True)
    copy.write_text(json.dumps({versions.ROLLED_BACK_TO: 10}))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind", "uri"),
    [
        ("1", "Model", "{}/model"),
        ("{}/model", "Model", "{}/model"),
        ("{}/model/Format-Serving/saved_model.pb", "Model", "{}/model"),
        ("{}/model/evaluation/metrics", "Evaluation", "{}/model/evaluation"),
        ("{}/serving/20", "PushedModel", "/pushed/20"),
        ("{}/serving/20/saved_model.pb", "PushedModel", "/pushed/20"),
        ("{}/serving/30", "PushedModel", "/pushed/10"),
        ("{}/serving", "PushedModel", "/pushed/10"),
    ],
)
def test_an_artifact_has_many_names(recorder, pushed, name, kind, uri):
    found = locate(recorder.opened(), name.format(pushed))
    assert (found.type, found.uri, found.state) == (kind, uri.format(pushed), "live")


def test_a_path_may_be_relative(recorder, pushed, monkeypatch):
    monkeypatch.chdir(pushed)
    assert locate(recorder.opened(), "serving/20").uri == "/pushed/20"
    assert locate(recorder.opened(), "model/x").type == "Model"


@pytest.mark.parametrize("name", ["99", str(2**70), "/nowhere", "{}/other", ""])
def test_what_is_not_there_is_said_so(recorder, pushed, name):
    with pytest.raises(UsageError, match=r"An artifact must be in the metadata store\. Received: "):
        locate(recorder.opened(), name.format(pushed))
