import pytest

from pipeline.lineage import Store
from pipeline.lineage.verify import verify
from pipeline.payload import measure


@pytest.fixture
def made(recorder, tmp_path):
    """Three models with digests, one without, one in a bucket, one that was deleted, and what nobody names."""
    root = tmp_path / "pipelines"
    folders = [root / "taxi" / "Trainer" / str(number) for number in range(6)]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "weights").write_text("w" * 10)
    told = {"slipway_digest": measure(folders[0]).digest, "slipway_bytes": 10}
    recorder.step("Trainer", outputs=[("Model", folder, told) for folder in folders[:3]])
    recorder.step("Trainer", outputs=[("Model", folders[3], {}), ("Model", "gs://bucket/m", {})])
    [deleted] = recorder.step("Trainer", outputs=[("Model", folders[4], told)])
    [message] = recorder.store.get_artifacts_by_id([deleted])
    message.state = message.DELETED
    recorder.store.put_artifacts([message])
    (root / "taxi" / "empty").mkdir()
    (root / "taxi" / ".system" / "x").mkdir(parents=True)
    (root / "taxi" / ".system" / "x" / "y").touch()
    return root, folders


def look(recorder, root):
    with Store.open(recorder.path) as store:
        return verify(store.artifacts(), root)


def test_all_is_well(recorder, made):
    root, folders = made
    found = look(recorder, root)
    assert (found.problems, found.matched, found.unmeasured, found.elsewhere) == ((), 3, 1, 1)
    assert found.orphans == (folders[4], folders[5])
    assert look(recorder, None).orphans == ()


def test_what_is_gone_or_changed_is_found(recorder, made):
    root, folders = made
    (folders[0] / "weights").unlink()
    (folders[0]).rmdir()
    (folders[1] / "weights").write_text("v" * 10)
    (folders[2] / "more").write_text("x")
    found = look(recorder, root)
    assert [(one.artifact.id, one.what) for one in sorted(found.problems, key=lambda one: one.artifact.id)] == [
        (1, "missing"),
        (2, "changed"),
        (3, "changed"),
    ]
    assert any("are now 11," in one.detail for one in found.problems)
    assert (found.matched, found.unmeasured) == (0, 1)
