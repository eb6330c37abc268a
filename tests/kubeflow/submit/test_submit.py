"""`slipway submit` with the real kfp.Client against a server on loopback: runs, schedules, uploads."""

import json
import re

import pytest

from tests.kubeflow import recorded
from tests.kubeflow.harness import tiny


def test_a_run_is_started_with_its_parameters_typed(submit, server):
    path = recorded.GOLDEN / "kfp.yaml"
    code, out, err = submit("--param", "epochs=3", "--param", "greeting=5", "--experiment", "mine", path=path)

    (run,) = server.runs.values()
    assert (code, err) == (0, "")
    assert out == f"Run   {run['run_id']}\nPage  {server.host}/#/runs/details/{run['run_id']}\n"
    assert run["runtime_config"]["parameters"] == {"epochs": 3, "greeting": "5"}
    assert [item["display_name"] for item in server.experiments.values()] == ["mine"]
    platform = run["pipeline_spec"]["platform_spec"]["platforms"]["kubernetes"]
    assert "exec-trainer" in platform["deploymentSpec"]["executors"]


def test_waiting_tells_each_step_and_how_the_run_ended(submit, server):
    code, out, _ = submit("--wait")

    assert code == 0
    told = re.findall(r"^ +[\d.]+ s  (\w+) +(\S+)$", out, re.MULTILINE)
    assert told.index(("running", "make")) < told.index(("succeeded", "make")) < told.index(("running", "after"))
    assert ("succeeded", "handler") in told
    assert not [name for _, name in told if name == "root"]
    assert out.endswith(" succeeded\n")


def test_a_server_that_is_started_anew_is_waited_for(submit, server):
    server.outage = 5

    assert submit("--wait")[0] == 0
    server.outage = 1000
    code, _, err = submit("--wait")
    assert code == 1
    assert "KFP must be well. Received: status 503: the server is starting." in err


@pytest.mark.parametrize(
    ("ends", "code", "message"),
    [
        ({"judge": "FAILED"}, 1, "Every step must succeed. Received: judge failed, run "),
        ({"take": "SKIPPED"}, 4, "The model must be blessed to be pushed. Received: take skipped in run "),
    ],
)
def test_the_end_of_the_run_decides_on_the_exit_code(submit, server, ends, code, message):
    server.ends = ends

    found, out, err = submit("--wait", "--json")

    assert found == code
    assert message in err
    values = json.loads(out)
    states = {step["name"]: step["state"] for step in values["steps"]}
    assert values["exit_code"] == code
    assert states[next(iter(ends))] == next(iter(ends.values())).lower()
    assert states["make"] == "succeeded"


def test_refused_data_have_their_exit_code():
    from kubeflow.submit.outcome import error_of
    from kubeflow.submit.watch import RunStatus, StepState

    spec = tiny.spec()
    error = error_of(RunStatus("r1", "failed", (StepState("data-gate", "failed"),)), spec)

    assert (error.exit_code, str(error)) == (
        3,
        "DataGate must let the data pass. Received: data-gate failed, run r1. "
        "The log of the step says what is wrong with them.",
    )
    assert error_of(RunStatus("r1", "canceled", ()), spec).exit_code == 1


def test_waiting_ends_with_the_timeout_and_the_run_goes_on(submit, server):
    code, _, err = submit("--wait", "--timeout", "0")

    assert code == 1
    assert re.search(r"within --timeout\. Received: \S+, running after 0 s\. It goes on in KFP\.", err)


def test_an_interrupt_ends_only_the_waiting(submit, server, monkeypatch):
    from kubeflow.submit import watch

    monkeypatch.setattr(watch, "_wait", lambda: (_ for _ in ()).throw(KeyboardInterrupt))

    code, _, err = submit("--wait")

    assert code == 130
    (run,) = server.runs
    assert err == f"error: Waiting for the run was interrupted. Received: run={run}. The run goes on in KFP.\n"


def test_a_schedule_has_six_fields(submit, server):
    code, out, _ = submit("--recurring", "0 30 2 * * MON-FRI", "--max-concurrency", "2", "--no-catchup", "--json")

    (made,) = server.recurring.values()
    assert (code, json.loads(out)) == (0, {"recurring_run": made["recurring_run_id"]})
    assert made["trigger"] == {"cron_schedule": {"cron": "0 30 2 * * MON-FRI"}}
    assert (made["max_concurrency"], made["no_catchup"], made["mode"]) == (2, True, "ENABLE")


def test_what_is_uploaded_again_is_a_new_version_if_it_changed(submit, server, file):
    assert submit("--upload", "taxi")[0] == 0
    assert "taxi, as before" in submit("--upload", "taxi")[1]
    file.write_text(f"{file.read_text()}# changed\n")
    code, out, _ = submit("--upload", "taxi", "--json")

    told = json.loads(out)
    assert (code, told["new"]) == (0, True)
    assert [item["display_name"] for item in server.versions.values()] == ["taxi", told["version"]]
    assert len(server.pipelines) == 1
    assert "as before" in submit("--upload", "taxi")[1]
