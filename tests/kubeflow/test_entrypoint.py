"""Real executors between executor inputs as KFP gives them, 2.5 and 2.17, and what its launcher reads."""

import json
import signal
from pathlib import Path

import pytest

from kubeflow import entrypoint
from kubeflow.rewrite.commands import command
from pipeline.kubeflow_code import PROJECT

CLASSES = {"slipway.Note": "tests.kubeflow.executors.Note"}
SPEC = {
    "artifacts": {
        key: {"artifactType": {"schemaTitle": "tfx.Examples", "schemaVersion": "0.0.1"}}
        for key in ("examples", "previous")
    },
    "parameters": {
        "count": {"parameterType": "NUMBER_INTEGER"},
        "config": {"parameterType": "STRING"},
        "runtime_rate": {"parameterType": "NUMBER_DOUBLE"},
        "data_fingerprint": {"parameterType": "STRING"},
    },
}


@pytest.fixture(autouse=True)
def place(monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.chdir(PROJECT)
    yield
    signal.signal(signal.SIGTERM, before)


def step(executor, spec, given, *options):
    return entrypoint.main(
        [
            "--node=Node",
            "--pipeline=small",
            *options,
            f"--artifact_classes={json.dumps(CLASSES)}",
            "--executor_class_path",
            executor,
            "--json_serialized_invocation_args",
            json.dumps(given),
            "--json_serialized_inputs_spec_args",
            json.dumps(spec),
            "--runner=FnApiRunner",
            "--direct_running_mode=in_memory",
            "--sdk_container_image=unused",
        ]
    )


def noted(folder, older):
    """Returns an ExecutorInput of KFP 2.5, or of 2.17."""
    kind = {"type": {"instanceSchema": ""}} if older else {}
    more = {} if older else {"display_name": "examples", "store_session_info": "{}"}
    examples = {
        "name": "examples-1",
        "uri": str(folder / "examples"),
        "metadata": {"split_names": '["train"]', "list": {"list": [1, 2]}, **more},
        **kind,
    }
    absent = {"uri": str(folder / "none"), "metadata": {"slipway_absent": 1}, **kind}
    note = {
        "name": "note",
        "type": {"schemaTitle": "slipway.Note", "schemaVersion": "0.0.1"},
        "uri": str(folder / "small" / "run-1" / "noting" / "uuid" / "note"),
    }
    return {
        "inputs": {
            "artifacts": {"examples": {"artifacts": [examples]}, "previous": {"artifacts": [absent]}},
            "parameterValues": {
                "count": 3.0,
                "config": "{\"rate\": {{$.inputs.parameters['runtime_rate']}}}",
                "runtime_rate": 0.25,
                "data_fingerprint": "abc",
            },
        },
        "outputs": {
            "artifacts": {"note": {"artifacts": [note]}},
            "outputFile": str(folder / ("kfp_outputs" if older else "task") / "output_metadata.json"),
        },
    }


def written(given):
    return json.loads(Path(given["outputs"]["outputFile"]).read_text())


@pytest.mark.parametrize("older", [True, False], ids=["2.5", "2.17"])
def test_a_step_reads_what_kfp_gives_and_writes_what_its_launcher_reads(tmp_path, older):
    given = noted(tmp_path, older)

    records = [f"--records={tmp_path / 'records'}", "--component=tests.Noting"]
    assert step("tests.kubeflow.executors.Noting", SPEC, given, *records) == 0

    record = json.loads((tmp_path / "records" / "run-1" / "Node.json").read_text())
    assert (record["state"], record["component"], record["inputs"].keys()) == ("complete", "tests.Noting", {"examples"})
    assert record["properties"] == {"count": 3, "config": '{"rate": 0.25}'}
    folder = given["outputs"]["artifacts"]["note"]["artifacts"][0]["uri"]
    assert json.loads(Path(folder, "note.json").read_text()) == {
        "type": "Examples",
        "splits": '["train"]',
        "list": [1, 2],
        "inputs": ["examples"],
        "properties": {"count": 3, "config": '{"rate": 0.25}'},
        "pipeline": "small",
        "run": "run-1",
        "number": True,
    }
    output = written(given)
    (note,) = output["artifacts"]["note"]["artifacts"]
    assert set(note) == {"metadata"}, "a uri or a name would replace the driver's"
    assert note["metadata"]["written"] == "yes"
    assert "null" not in json.dumps(output)


def test_on_vertex_uris_and_names_are_handed_back(tmp_path):
    given = noted(tmp_path, older=False)

    assert step("tests.kubeflow.executors.Noting", SPEC, given, "--uris=native") == 0

    (note,) = written(given)["artifacts"]["note"]["artifacts"]
    assert note["uri"] == given["outputs"]["artifacts"]["note"]["artifacts"][0]["uri"]
    assert note["name"] == "note"


@pytest.mark.parametrize(
    ("executor", "code", "line"),
    [
        ("tests.kubeflow.executors.Refusing", 3, "error: The data must match the schema. Received: fare."),
        (
            "tests.kubeflow.executors.Stopped",
            130,
            "error: The run was interrupted. Received: SIGTERM. Run again to go on.",
        ),
        ("tests.kubeflow.executors.Missing", 1, "error: Node Node failed. Received: ImportError: "),
    ],
)
def test_an_error_is_one_line_with_the_exit_code_of_its_kind(tmp_path, capsys, executor, code, line):
    given = noted(tmp_path, older=False)

    assert step(executor, SPEC, given) == code

    assert capsys.readouterr().err.splitlines()[-1].startswith(line)
    assert not Path(given["outputs"]["outputFile"]).exists()


def test_a_file_of_the_project_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = {"parameters": {"schema_file": {"parameterType": "STRING"}, "runtime_x": {"parameterType": "STRING"}}}
    given = {
        "inputs": {"parameterValues": {"schema_file": "schemas/taxi/schema.pbtxt", "runtime_x": "1"}},
        "outputs": {
            "artifacts": {
                "schema": {"artifacts": [{"uri": str(tmp_path / "schema"), "type": {"schemaTitle": "tfx.Schema"}}]}
            },
            "outputFile": str(tmp_path / "out" / "output.json"),
        },
    }

    assert step("tfx.components.schema_gen.import_schema_gen.executor.Executor", spec, given) == 0
    copied = (tmp_path / "schema" / "schema.pbtxt").read_text()
    assert copied == (PROJECT / "schemas" / "taxi" / "schema.pbtxt").read_text()


def test_a_training_leaves_its_state_where_the_next_pod_finds_it(tmp_path):
    from tfx.types import standard_artifacts

    run = standard_artifacts.ModelRun()
    run.uri = str(tmp_path / "s3" / "run-1" / "trainer" / "uuid" / "model_run")
    (tmp_path / "s3" / "run-1" / "trainer" / "uuid").mkdir(parents=True)
    entrypoint.keep_checkpoints({"model_run": [run]}, tmp_path / "checkpoints")

    beside = tmp_path / "s3" / "run-1" / "trainer" / ".unfinished"
    (beside / "state.json").write_text("epoch 3")
    beside.unlink()  # The pod is gone, and with it all but the volume.
    entrypoint.keep_checkpoints({"model_run": [run]}, tmp_path / "checkpoints")

    assert (beside / "state.json").read_text() == "epoch 3"


def test_the_command_of_a_step_is_this_module():
    assert command("entrypoint") == ["python", "-m", "pipeline.kubeflow_code", "entrypoint"]
    assert entrypoint.__name__ == "kubeflow.entrypoint"


def test_a_model_is_pushed_once_and_pointed_to(tmp_path):
    model, serving = tmp_path / "model" / "Format-Serving", tmp_path / "serving"
    model.mkdir(parents=True)
    (model / "saved_model.pb").write_text("a model")
    (tmp_path / "statistics").mkdir()
    (tmp_path / "statistics" / "stats.pb").write_text("statistics")
    publish = [
        {"name": "Baseline.model", "input": "model", "pushed": True},
        {"name": "Previous.statistics", "input": "published", "pushed": False},
    ]
    kinds = {"model": "tfx.Model", "model_blessing": "tfx.ModelBlessing", "published": "tfx.ExampleStatistics"}
    (tmp_path / "blessing").mkdir()
    (tmp_path / "blessing" / "BLESSED").touch()
    places = {"model": model.parent, "model_blessing": tmp_path / "blessing", "published": tmp_path / "statistics"}
    spec = {
        "artifacts": {key: {"artifactType": {"schemaTitle": kind}} for key, kind in kinds.items()},
        "parameters": {name: {"parameterType": "STRING"} for name in ("push_destination", "custom_config")},
    }
    values = {
        "push_destination": '{"filesystem": {"base_directory": "{{$.inputs.parameters[\'runtime_to\']}}"}}',
        "runtime_to": str(serving),
        "custom_config": '{"keep": null}',
    }
    metadata = {"tfx_version": "1.21.0", "blessed": 1}
    inputs = {key: {"artifacts": [{"uri": str(path), "metadata": metadata}]} for key, path in places.items()}
    for run in ("run-1", "run-2"):
        folder = tmp_path / "small" / run / "pusher" / "uuid" / "pushed_model"
        given = {
            "inputs": {"artifacts": inputs, "parameterValues": values},
            "outputs": {
                "artifacts": {
                    "pushed_model": {"artifacts": [{"uri": str(folder), "type": {"schemaTitle": "tfx.PushedModel"}}]}
                },
                "outputFile": str(tmp_path / run / "output.json"),
            },
        }
        options = [f"--publish={json.dumps(entry)}" for entry in publish]
        assert step("components.pusher.executor.Executor", spec, given, *options) == 0
        assert (folder / "saved_model.pb").read_text() == "a model"

    (version,) = [path.name for path in serving.iterdir() if path.name.isdecimal()]
    first, second = (json.loads((tmp_path / run / "output.json").read_text()) for run in ("run-1", "run-2"))
    assert first == second
    assert first["artifacts"]["pushed_model"]["artifacts"][0]["metadata"]["pushed_version"] == version
    pointed = json.loads((serving / ".slipway" / "pushed.json").read_text())
    assert pointed["version"] == version
    origins = [entry["metadata"]["slipway_origin"] for entry in pointed["artifacts"].values()]
    assert origins == [str(model.parent), str(tmp_path / "statistics")]
    assert pointed["artifacts"]["Previous.statistics"]["path"] == f".slipway/{version}/Previous.statistics"
    assert (serving / ".slipway" / version / "Previous.statistics" / "stats.pb").read_text() == "statistics"
