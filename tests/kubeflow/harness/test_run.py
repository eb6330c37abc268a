"""The order of things: conditions, retries, omissions, caching, the exit handler; a process for each tiny step."""

import json
import signal
import threading
import time

import pytest

from components.errors import ComponentFailed, UsageError
from kubeflow.harness.launcher import filled
from kubeflow.harness.metadata import handed_on
from kubeflow.harness.process import _PASSED_ON, Processes
from kubeflow.harness.run import Run
from tests.kubeflow import recorded
from tests.kubeflow.harness import tiny


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def start(home, folder, spec=None, **values):
    run = Run(spec or tiny.spec(), home)
    state = run.start([f"folder={folder}", *(f"{name}={value}" for name, value in values.items())])
    return state, {name: step.state for name, step in run.steps.items()}, run


def test_every_step_sees_what_kfp_would_show_it(home, tmp_path):
    state, steps, run = start(home, tmp_path / "out")

    assert state == "SUCCEEDED", {name: step.message for name, step in run.steps.items()}
    assert steps == dict.fromkeys(["make", "judge", "take", "after", "handler"], "SUCCEEDED")
    status = json.loads((tmp_path / "out" / "status.json").read_text())
    assert status == {"state": "SUCCEEDED", "pipelineJobResourceName": run.id, "pipelineTaskName": "inner"}
    stored = sorted(path.name for path in (home / "store").rglob("*") if path.is_file())
    assert stored == ["value.txt"]


def test_not_blessed_leaves_the_step_untriggered_and_omits_what_waits_for_it(home, tmp_path):
    state, steps, _ = start(home, tmp_path / "out", least=100)

    assert state == "SUCCEEDED"
    assert (steps["take"], steps["after"], steps["handler"]) == ("SKIPPED", "OMITTED", "SUCCEEDED")
    assert not (tmp_path / "out" / "tries").exists()


def test_a_step_that_fails_is_started_again(home, tmp_path):
    state, steps, run = start(home, tmp_path / "out", attempts=3)

    assert (state, steps["take"], run.steps["take"].attempts) == ("SUCCEEDED", "SUCCEEDED", 3)


def test_a_killed_step_omits_consumers_and_the_exit_handler_hears_of_it(home, tmp_path):
    def kills(command, root, log):
        process = Processes().open(command, root, log)
        if log.name.startswith("take"):
            process.send_signal(signal.SIGKILL)
        return process.wait()

    run = Run(tiny.spec(), home, start=kills)

    assert run.start([f"folder={tmp_path / 'out'}"]) == "FAILED"
    take = run.steps["take"]
    assert (take.state, take.attempts, take.exit_code) == ("FAILED", 3, -signal.SIGKILL)
    assert run.steps["after"].state == "OMITTED"
    assert run.steps["handler"].state == "SUCCEEDED"
    assert json.loads((tmp_path / "out" / "status.json").read_text())["state"] == "FAILED"


def test_a_step_sees_no_credentials_and_no_store(home, tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "MINIO_KEY"):
        monkeypatch.setenv(name, "secret")
    command = ["python", "-c", "import json, os; print(json.dumps(dict(os.environ)))"]

    assert Processes()(command, tmp_path, tmp_path / "log.txt") == 0

    seen = json.loads((tmp_path / "log.txt").read_text())
    assert "secret" not in seen.values()
    assert set(seen) <= {*_PASSED_ON, "SLIPWAY_LAUNCHER_ROOT", "PYTHONPATH", "TF_CPP_MIN_LOG_LEVEL", "LC_CTYPE"}


def test_steps_that_wait_for_nothing_run_at_the_same_time(home, tmp_path):
    spec = tiny.spec()
    inner = spec["components"]["comp-inner"]["dag"]["tasks"]
    spec["components"]["comp-inner"]["dag"]["tasks"] = {
        name: {**inner["after"], "dependentTasks": [], "taskInfo": {"name": name}} for name in ("one", "two", "three")
    }
    together = threading.Barrier(2, timeout=20)
    lock, now, most = threading.Lock(), 0, 0

    def counts(command, root, log):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        if not log.name.startswith(("three", "handler")):
            together.wait()
        with lock:
            now -= 1
        return 0

    assert Run(spec, home, start=counts, jobs=2).start() == "SUCCEEDED"
    assert most == 2


def test_a_run_that_is_stopped_begins_nothing_more(home, tmp_path):
    spec = tiny.spec()
    command = ["python", "-c", "import time; time.sleep(60)", "{{$}}"]
    spec["deploymentSpec"]["executors"]["exec-judge"]["container"]["command"] = command
    run = Run(spec, home, watch=lambda step: run.stop() if (step.name, step.state) == ("judge", "RUNNING") else None)

    start = time.monotonic()
    assert run.start([f"folder={tmp_path / 'out'}"]) == "FAILED"
    assert time.monotonic() - start < 20
    assert run.steps["judge"].exit_code == -signal.SIGTERM
    assert {run.steps[name].state for name in ("take", "handler")} == {"OMITTED"}


def test_a_failure_omits_consumers_and_the_exit_handler_hears_of_it(home, tmp_path):
    state, steps, run = start(home, tmp_path / "out", attempts=4)

    assert (state, steps["take"], steps["after"]) == ("FAILED", "FAILED", "OMITTED")
    assert run.steps["take"].attempts == 3
    assert "Received: 1: not yet." in run.steps["take"].message
    status = json.loads((tmp_path / "out" / "status.json").read_text())
    assert status["state"] == "FAILED"
    assert status["error"] == {"message": "inner did not succeed"}


def test_the_same_inputs_are_taken_from_the_cache_and_others_are_not(home, tmp_path):
    start(home, tmp_path / "out")

    assert start(home, tmp_path / "out")[1]["judge"] == "CACHED"
    assert start(home, tmp_path / "out", least=2)[1] | {} == {
        "make": "CACHED",
        "judge": "SUCCEEDED",
        "take": "SUCCEEDED",
        "after": "SUCCEEDED",
        "handler": "SUCCEEDED",
    }
    assert start(home, tmp_path / "out", value=4)[1]["make"] == "SUCCEEDED"
    other = tiny.spec()
    other["deploymentSpec"]["executors"]["exec-make"]["container"]["image"] = "image:2"
    assert start(home, tmp_path / "out", other)[1]["make"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"valu": 1}, "A runtime parameter must exist. Received: valu. Did you mean 'value'? Known: attempts, "),
        ({"value": 1.5}, "`value` must be of type NUMBER_INTEGER: a whole number. Received: value=1.5."),
        ({"least": "much"}, "`least` must be of type NUMBER_DOUBLE: a number. Received: least=much."),
    ],
)
def test_parameters_are_checked_before_anything_runs(home, tmp_path, values, message):
    with pytest.raises(UsageError) as error:
        start(home, tmp_path / "out", **values)

    assert message in str(error.value)


def test_a_parameter_without_a_default_must_be_given(home):
    spec = tiny.spec()
    spec["root"]["inputDefinitions"]["parameters"]["value"] = {"parameterType": "NUMBER_INTEGER", "isOptional": True}
    kinds = spec["root"]["inputDefinitions"]["parameters"]
    kinds["value"].pop("isOptional")

    with pytest.raises(UsageError, match="A runtime parameter must have a default"):
        Run(spec, home)


def test_a_condition_on_something_that_is_not_there_fails_the_task(home, tmp_path):
    spec = tiny.spec()
    condition = "inputs.artifacts['blessing'].artifacts[0].metadata['unknown'] == 1.0"
    spec["components"]["comp-inner"]["dag"]["tasks"]["take"]["triggerPolicy"]["condition"] = condition

    assert start(home, tmp_path / "out", spec)[1]["take"] == "FAILED"


def test_stock_output_of_tfx_does_not_run(home, stock):
    for spec in (stock.job, stock.spec):
        with pytest.raises(UsageError):
            Run(spec, home)


def test_a_step_that_keeps_an_output_parameter_to_itself_fails(home, tmp_path):
    spec = tiny.spec()
    command = spec["deploymentSpec"]["executors"]["exec-make"]["container"]["command"]
    command[2] = command[2].replace('doubled=2 * values["value"]', "")

    state, steps, run = start(home, tmp_path / "out", spec)

    assert (state, steps["make"], steps["judge"]) == ("FAILED", "FAILED", "OMITTED")
    assert run.steps["make"].message == "A step must write each of its output parameters. Received: no doubled."


def test_the_cache_is_that_of_one_pipeline(home, tmp_path):
    start(home, tmp_path / "out")
    other = tiny.spec()
    other["pipelineInfo"]["name"] = "other"

    assert start(home, tmp_path / "out", other)[1]["make"] == "SUCCEEDED"


def test_placeholders_are_filled(tmp_path):
    inputs = {"artifacts": {"a": {"artifacts": [{"uri": "s3://b/k/a"}]}}, "parameterValues": {"n": 2, "t": "x y"}}
    outputs = {
        "artifacts": {"o": {"artifacts": [{"uri": "minio://b/k/o"}]}},
        "parameters": {"p": {"outputFile": "/tmp/p"}},
        "outputFile": "/tmp/output.json",
    }
    given = {"inputs": inputs, "outputs": outputs}
    expected = {
        "{{$.inputs.artifacts['a'].uri}}": "s3://b/k/a",
        "{{$.inputs.artifacts['a'].path}}": f"{tmp_path}/s3/b/k/a",
        "{{$.outputs.artifacts['o'].path}}/x": f"{tmp_path}/minio/b/k/o/x",
        "--n={{$.inputs.parameters['n']}}": "--n=2",
        "{{$.inputs.parameters['t']}}": "x y",
        "{{$.outputs.parameters['p'].output_file}}": "/tmp/p",
        "{{$.outputs.output_file}}": "/tmp/output.json",
        "{{$}}": json.dumps(given),
    }

    assert filled(list(expected), given, tmp_path) == list(expected.values())


def test_types_are_lost_and_metadata_wrapped_between_steps():
    found = handed_on(
        {"name": "a", "type": {"schemaTitle": "x"}, "uri": "u", "metadata": {"l": [1], "d": {"k": 1}, "b": True}}
    )

    assert found["type"] == {"instanceSchema": ""}
    assert found["metadata"] == {
        "l": {"list": [1]},
        "d": {"struct": {"k": 1}},
        "b": 1.0,
        "display_name": "a",
        "store_session_info": "{}",
    }
    with pytest.raises(ComponentFailed, match="must not be null"):
        handed_on({"name": "a", "metadata": {"n": None}})


def test_the_adapted_pipeline_is_one_that_can_be_started(home, adapted):
    Run(adapted, home)
    assert recorded.TASK.name == "small"
