import json
from pathlib import Path

import pytest
import yaml

from pipeline.cli import main
from tests.kubeflow.harness import tiny

STOCK = Path(__file__).parents[2] / "kubeflow" / "golden" / "stock.json"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a document in a home of its own and returns exit code, output and error."""
    monkeypatch.setenv("SLIPWAY_HOME", str(tmp_path / "home"))

    def run(document, *parameters, options=()):
        file = tmp_path / "pipeline.yaml"
        file.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        assigned = [part for value in parameters for part in ("--param", value)]
        code = main(["kfp-local", str(file), *options, *assigned])
        return code, *capsys.readouterr()

    return run


def test_each_step_is_shown_with_its_state(run, tmp_path):
    code, out, _ = run(tiny.spec(), f"folder={tmp_path / 'out'}", "attempts=2")

    assert code == 0
    lines = [line.split()[2:] for line in out.splitlines()[:10]]
    names = ("make", "judge", "take", "after", "handler")
    assert lines == [[state, name] for name in names for state in ("running", "succeeded")]
    assert "\nAgain take after 2 attempts\n" in out
    assert "succeeded\nLogs  " in out
    assert (tmp_path / "home" / "kfp" / "runs").is_dir()


def test_what_was_made_before_is_taken_from_the_cache(run, tmp_path):
    run(tiny.spec(), f"folder={tmp_path / 'out'}")
    code, out, _ = run(tiny.spec(), f"folder={tmp_path / 'out'}")

    assert code == 0
    assert "cached    judge" in out


def test_a_model_that_is_not_blessed_has_an_exit_code_of_its_own(run, tmp_path):
    code, out, error = run(tiny.spec(), f"folder={tmp_path / 'out'}", "least=100")

    assert code == 4
    assert "skipped   take" in out
    assert error.startswith("error: The model must be blessed to be pushed. Received: take skipped in run ")


def test_data_that_are_refused_have_an_exit_code_of_their_own(run, tmp_path):
    spec = tiny.spec()
    says = "import sys; print('error: The data must match the schema. Received: fare.'); sys.exit(3)"
    spec["deploymentSpec"]["executors"]["exec-judge"]["container"]["command"][2] = says

    code, _, error = run(spec, f"folder={tmp_path / 'out'}")

    assert code == 3
    expected = (
        "error: Every step must succeed. Received: judge: The data must match the schema. Received: fare. Its log"
    )
    assert error.startswith(expected)
    assert len(error.splitlines()) == 1


def test_a_step_that_was_killed_is_named_with_its_signal(run, tmp_path):
    spec = tiny.spec()
    dies = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    spec["deploymentSpec"]["executors"]["exec-judge"]["container"]["command"][2] = dies

    code, out, error = run(spec, f"folder={tmp_path / 'out'}")

    assert code == 1
    assert "omitted   take" in out
    assert "Received: judge: ended by SIGKILL: no output. Its log" in error


def test_json_is_all_that_is_printed(run, tmp_path):
    code, out, _ = run(tiny.spec(), f"folder={tmp_path / 'out'}", "least=100", options=["--json"])

    told = json.loads(out)
    assert (told["state"], told["exit_code"], code) == ("succeeded", 4, 4)
    states = {step["name"]: step["state"] for step in told["steps"]}
    assert states == {
        "make": "succeeded",
        "judge": "succeeded",
        "take": "skipped",
        "after": "omitted",
        "handler": "succeeded",
    }
    assert Path(told["logs"], "make-1.txt").exists()


def test_a_run_can_be_interrupted(run, tmp_path):
    spec = tiny.spec()
    code = "import os, signal, time; os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)"
    spec["deploymentSpec"]["executors"]["exec-judge"]["container"]["command"][2] = code

    code, out, error = run(spec, f"folder={tmp_path / 'out'}")

    assert code == 130
    assert "error: The run was interrupted. Received: SIGTERM." in error
    assert "take" not in [line.split()[-1] for line in out.splitlines() if "running" in line]


@pytest.mark.parametrize(
    ("endpoint", "code", "message"),
    [
        ("127.0.0.1:1", 2, "error: The endpoint must be the URL of an S3 server. Received: 127.0.0.1:1."),
        ("http://127.0.0.1:1", 1, "error: The S3 server must answer. Received: http://127.0.0.1:1: Could not connect"),
        (None, 2, "error: An S3 server needs $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY. Received: no "),
    ],
)
def test_a_store_that_cannot_be_used_is_one_line(run, monkeypatch, endpoint, code, message):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x" if endpoint else "")

    got, _, error = run(tiny.spec(), options=["--endpoint", endpoint or "http://127.0.0.1:1"])

    assert got == code
    assert error.startswith(message)
    assert len(error.splitlines()) == 1


def test_a_run_that_fails_says_which_step_and_why(run, tmp_path):
    code, out, error = run(tiny.spec(), f"folder={tmp_path / 'out'}", "attempts=9")

    assert code == 1
    assert "failed    take" in out
    assert "omitted   after" in out
    assert error.startswith("error: Every step must succeed. Received: take after 3 attempts: not yet. Its log is in ")


@pytest.mark.parametrize(
    ("document", "parameters", "message"),
    [
        ("a: [", [], "error: A compiled pipeline is YAML."),
        ("", [], "error: A compiled pipeline must be a PipelineSpec"),
        (tiny.spec(), ["valeu=1"], "error: A runtime parameter must exist. Received: valeu. Did you mean 'value'?"),
        (tiny.spec(), ["value"], "error: A parameter is written NAME=VALUE. Received: value."),
        (json.loads(STOCK.read_text()), [], "error: The file must be compiled for kfp."),
    ],
    ids=["no YAML", "empty", "unknown parameter", "no value", "stock"],
)
def test_what_kfp_would_refuse_is_refused(run, document, parameters, message):
    code, _, error = run(document, *parameters)

    assert code == 2
    assert error.startswith(message)
