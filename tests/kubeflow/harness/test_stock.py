"""TFX's own output, run though the checks refuse it: it dies, or goes astray, where KFP's source says that it does."""

import json
import traceback

import pytest

from kubeflow.harness.metadata import handed_on
from kubeflow.harness.process import Processes
from kubeflow.harness.run import Run

STOCK_MODULE = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"
DRIVER_MODULE = "tfx.orchestration.kubeflow.v2.file_based_example_gen.driver"
PLAIN = """
import json, pathlib, sys
outputs = json.loads(sys.argv[2])["outputs"]
file = pathlib.Path(outputs["outputFile"])
file.parent.mkdir(parents=True, exist_ok=True)
made = {key: {"artifacts": [json.loads(sys.argv[1])]} for key in outputs["artifacts"]}
file.write_text(json.dumps({"artifacts": made}))
"""

pytestmark = pytest.mark.slow


class Started:
    """Starts TFX's entry point in this process, which has imported it once, and anything else as the harness does."""

    def __init__(self):
        self.commands, self._processes = [], Processes()

    def __call__(self, command, root, log):
        self.commands.append(" ".join(command))
        if STOCK_MODULE not in command:
            return self._processes(command, root, log)
        from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor as stock

        try:
            stock.main(stock._parse_flags(command[3:]))
        except Exception:  # noqa: BLE001 (whatever it is, the process would end with it)
            log.write_text(traceback.format_exc())
            return 1
        return 0


def trimmed(stock, *names, root="s3://bucket/root"):
    """Returns TFX's specification with some of its tasks only, which need no parameters."""
    spec = stock.spec
    spec["root"] = {"dag": {"tasks": {name: spec["root"]["dag"]["tasks"][name] for name in names}}}
    return {**spec, "defaultPipelineRoot": root}


def given_plainly(spec, told):
    """Lets a step of plain Python stand for ExampleGen: it writes what it is told into its output."""
    container = spec["deploymentSpec"]["executors"]["CsvExampleGen_executor"]["container"]
    container |= {"command": ["python", "-c", PLAIN], "args": [json.dumps(told), "{{$}}"]}


def reading_from(spec, folder):
    parameters = spec["root"]["dag"]["tasks"]["CsvExampleGen"]["inputs"]["parameters"]
    parameters["input_base"] = {"runtimeValue": {"constant": str(folder)}}


def run(spec, folder, start=None):
    run = Run(spec, folder / "home", start=start or Started(), checked=False)
    run.start()
    return run


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        ("minio", "Unable to get filesystem from specified path"),
        # Beam would go to S3 itself: with credentials of its own, and to AWS.
        ("s3", "Unable to locate credentials"),
    ],
)
def test_a_step_that_opens_uris_itself_finds_no_store(stock, tmp_path, monkeypatch, scheme, message):
    spec = trimmed(stock, "CsvExampleGen", "StatisticsGen", root=f"{scheme}://bucket/root")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x\n1\n2\n3\n")
    reading_from(spec, tmp_path / "data")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    steps = run(spec, tmp_path).steps

    assert steps["CsvExampleGen"].state == "FAILED"
    assert message in steps["CsvExampleGen"].message
    assert steps["StatisticsGen"].state == "OMITTED"


def test_an_input_without_its_type_ends_the_step(stock, tmp_path):
    spec = trimmed(stock, "CsvExampleGen", "StatisticsGen")
    given_plainly(spec, {"metadata": {"split_names": '["train"]'}})

    steps = run(spec, tmp_path).steps

    assert steps["CsvExampleGen"].state == "SUCCEEDED", steps["CsvExampleGen"].message
    assert "'NoneType' object has no attribute 'get'" in steps["StatisticsGen"].message


def test_the_driver_of_example_gen_never_runs_and_the_cache_does_not_see_the_data(stock, tmp_path):
    spec = trimmed(stock, "CsvExampleGen")
    given_plainly(spec, {"metadata": {"split_names": '["train"]'}})
    executor = spec["deploymentSpec"]["executors"]["CsvExampleGen_executor"]["container"]
    assert DRIVER_MODULE in executor["lifecycle"]["preCacheCheck"]["command"]
    (tmp_path / "a.csv").write_text("x\n1\n")
    reading_from(spec, tmp_path)
    started = Started()

    assert run(spec, tmp_path, started).steps["CsvExampleGen"].state == "SUCCEEDED"
    (tmp_path / "a.csv").write_text("x\n2\n")
    assert run(spec, tmp_path, started).steps["CsvExampleGen"].state == "CACHED"
    assert not [command for command in started.commands if DRIVER_MODULE in command]


def test_tfx_takes_kfps_wrapping_for_the_value():
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_entrypoint_utils

    made = {"name": "examples", "uri": "s3://bucket/examples", "metadata": {"spans": [1, 2], "counts": {"a": 1}}}
    artifact = {**handed_on(made), "type": {"schemaTitle": "tfx.Examples"}}
    message = json_format.ParseDict({"artifacts": [artifact]}, pipeline_spec_pb2.ArtifactList())

    (examples,) = kubeflow_v2_entrypoint_utils.parse_raw_artifact_dict({"examples": message}, {})["examples"]

    assert examples.get_json_value_custom_property("spans") == {"list": [1, 2]}
    assert examples.get_json_value_custom_property("counts") == {"struct": {"a": 1}}


def test_the_uri_that_tfx_writes_replaces_the_drivers(stock, tmp_path):
    from google.protobuf import json_format
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_entrypoint_utils
    from tfx.types import standard_artifacts

    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path / "local")
    told = kubeflow_v2_entrypoint_utils.translate_executor_output({"examples": [examples]}, {})["examples"].artifacts[0]
    spec = trimmed(stock, "CsvExampleGen")
    given_plainly(spec, json_format.MessageToDict(told))

    step = run(spec, tmp_path).steps["CsvExampleGen"]

    assert step.state == "FAILED"
    assert f"must begin with gs://, minio:// or s3://. Received: {tmp_path / 'local'}." in step.message


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"metadata": {"span": None}}, "Metadata of an artifact must not be null. Received: span=null."),
        ({"metadata": {}, "digest": "x"}, "A step must write an ExecutorOutput. Received: output_metadata.json:"),
    ],
)
def test_nulls_and_unknown_fields_end_the_step_that_wrote_them(stock, tmp_path, told, message):
    spec = trimmed(stock, "CsvExampleGen")
    given_plainly(spec, told)

    step = run(spec, tmp_path).steps["CsvExampleGen"]

    assert step.state == "FAILED"
    assert message in step.message
