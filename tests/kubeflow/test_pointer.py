import json
import shutil

import pytest

from components.errors import ComponentFailed
from kubeflow import pointer
from kubeflow.step import exit_handler, resolve
from kubeflow.step.executor_input import ROOT_VARIABLE

NAME = "baseline.model"


@pytest.fixture
def serving(tmp_path):
    """A folder with two pushed versions."""
    folder = tmp_path / "serving"
    for version in ("1", "2"):
        (folder / version).mkdir(parents=True)
        (folder / version / "saved_model.pb").write_text(version)
    return folder


def resolved(folder, tmp_path, key="model"):
    """Runs the step that stands for a resolver and returns the artifact's metadata and folder."""
    target, file = tmp_path / "out" / key, tmp_path / "out" / "executor_output.json"
    given = {
        "inputs": {"parameterValues": {"folder": str(folder)}},
        "outputs": {"artifacts": {key: {"artifacts": [{"uri": str(target)}]}}, "outputFile": str(file)},
    }
    code = resolve.main(["--name=baseline", f"--executor_input={json.dumps(given)}"])
    return code, json.loads(file.read_text())["artifacts"][key]["artifacts"][0] if code == 0 else None, target


def test_before_the_first_push_there_is_an_artifact_that_stands_for_none(tmp_path):
    code, artifact, target = resolved(tmp_path / "nothing", tmp_path)

    assert code == 0
    assert artifact == {"metadata": {"slipway_absent": 1}}
    assert list(target.iterdir()), "an empty folder would vanish on its way to the store"


def test_the_pointer_decides_not_the_highest_number(serving, tmp_path):
    pointer.write(serving, "1", {NAME: pointer.Offered(serving, {"tfx_version": "1.21.0"}, pushed=True)})

    code, artifact, target = resolved(serving, tmp_path)

    assert code == 0
    assert artifact == {"metadata": {"tfx_version": "1.21.0"}}
    assert (target / "Format-Serving" / "saved_model.pb").read_text() == "1"


def test_what_is_no_model_is_kept_beside_and_the_earlier_copy_goes(serving, tmp_path):
    statistics = tmp_path / "statistics"
    statistics.mkdir()
    for version in ("1", "2"):
        (statistics / "stats.pb").write_text(f"of {version}")
        pointer.write(serving, version, {"baseline.statistics": pointer.Offered(statistics, {"span": 3})})

    code, artifact, target = resolved(serving, tmp_path, "statistics")

    assert code == 0
    assert artifact == {"metadata": {"span": 3}}
    assert (target / "stats.pb").read_text() == "of 2"
    assert sorted(path.name for path in (serving / ".slipway").iterdir()) == ["2", "pushed.json"]


def test_what_was_never_offered_is_absent(serving, tmp_path):
    pointer.write(serving, "1", {})

    assert resolved(serving, tmp_path)[1] == {"metadata": {"slipway_absent": 1}}


def test_a_resolver_tells_what_its_copy_is_a_copy_of(serving, tmp_path, monkeypatch):
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "pod"))
    origin = {"slipway_origin": "s3://bucket/model"}
    pointer.write(serving, "2", {NAME: pointer.Offered(serving, origin, pushed=True)})
    uri = "s3://bucket/root/tiny/r2/baseline/uuid/model"
    given = {
        "inputs": {"parameterValues": {"folder": str(serving)}},
        "outputs": {
            "artifacts": {"model": {"artifacts": [{"uri": uri}]}},
            "outputFile": str(tmp_path / "output.json"),
        },
    }

    resolve.run("baseline", given, str(tmp_path / "records"))

    record = json.loads((tmp_path / "records" / "r2" / "baseline.json").read_text())
    assert (record["state"], record["origins"]) == ("complete", {uri: "s3://bucket/model"})


@pytest.mark.parametrize("text", ["{", "[]", '{"artifacts": {"baseline.model": {"path": "1"}}}'])
def test_a_broken_pointer_is_an_error_not_an_absent_baseline(serving, tmp_path, capsys, text):
    (serving / ".slipway").mkdir()
    (serving / ".slipway" / "pushed.json").write_text(text)

    assert resolved(serving, tmp_path)[0] == 1
    assert capsys.readouterr().err.startswith("error: The pointer to what was pushed last must name")


def test_a_version_that_is_gone_is_an_error(serving):
    pointer.write(serving, "1", {NAME: pointer.Offered(serving, {}, pushed=True)})
    (serving / "1").rename(serving / "9")

    with pytest.raises(ComponentFailed, match=r"Received: no 1 in .* Remove .*pushed.json to go on without"):
        pointer.copy(serving, NAME, serving / "target")


@pytest.mark.parametrize("as_text", [True, False])
def test_the_exit_handler_records_the_final_state(tmp_path, as_text):
    status = {
        "state": "FAILED",
        "pipelineJobResourceName": "projects/p/runs/run-7",
        "pipelineTaskName": "pipeline",
        "error": {"code": 1, "message": "Trainer failed"},
    }
    values = {"final_status": json.dumps(status) if as_text else status, "folder": str(tmp_path / "serving")}

    file = exit_handler.record(values)

    assert file == tmp_path / "serving" / ".slipway" / "runs" / "run-7.json"
    state = json.loads(file.read_text())
    assert state.pop("ended")
    assert state == {"run": "run-7", "state": "FAILED", "error": "Trainer failed"}


def test_the_state_of_a_run_that_pushes_into_a_bucket_is_only_logged(caplog):
    with caplog.at_level("INFO"):
        assert exit_handler.record({"final_status": '{"state": "SUCCEEDED"}', "folder": "gs://bucket/serving"}) is None

    assert "Run unknown ended as SUCCEEDED" in caplog.text


def test_the_exit_handler_says_where_it_cannot_write(tmp_path, capsys):
    (tmp_path / "file").touch()
    given = {"inputs": {"parameterValues": {"final_status": "{}", "folder": str(tmp_path / "file")}}}

    assert exit_handler.main([f"--executor_input={json.dumps(given)}"]) == 1
    assert capsys.readouterr().err.startswith("error: The final state must be written beside the pushed versions.")


def test_a_model_that_was_pushed_last_is_recognised_by_its_content(serving, tmp_path):
    pointer.write(serving, "1", {})
    shutil.copytree(serving / "1", tmp_path / "same")

    assert pointer.version_of(serving, tmp_path / "same") == "1"
    assert pointer.version_of(serving, serving / "2") is None
    shutil.rmtree(serving / "1")
    assert pointer.version_of(serving, tmp_path / "same") is None
    assert pointer.version_of(tmp_path / "elsewhere", tmp_path / "same") is None
