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

    def run(document, *parameters):
        file = tmp_path / "pipeline.yaml"
        file.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        code = main(["kfp-local", str(file), *(part for value in parameters for part in ("--param", value))])
        return code, *capsys.readouterr()

    return run


def test_each_step_is_shown_with_its_state(run, tmp_path):
    code, out, _ = run(tiny.spec(), f"folder={tmp_path / 'out'}", "attempts=2")

    assert code == 0
    lines = [line.rpartition("  ")[0] for line in out.splitlines()[:5]]
    assert lines == [f"succeeded {name}" for name in ("make", "judge", "take", "after", "handler")]
    assert "take  0 s, 2 attempts" in out
    assert "succeeded\nLogs     " in out
    assert (tmp_path / "home" / "kfp" / "runs").is_dir()


def test_a_run_that_fails_says_which_step_and_why(run, tmp_path):
    code, out, error = run(tiny.spec(), f"folder={tmp_path / 'out'}", "attempts=9")

    assert code == 1
    assert "failed    take" in out
    assert "omitted   after" in out
    assert error.startswith("error: Every step must succeed. Received: take: A step must end with exit code 0.")


@pytest.mark.parametrize(
    ("document", "parameters", "message"),
    [
        ("a: [", [], "error: A compiled pipeline is YAML."),
        ("", [], "error: A compiled pipeline is a mapping."),
        (tiny.spec(), ["valeu=1"], "error: A runtime parameter must exist. Received: valeu. Did you mean 'value'?"),
        (tiny.spec(), ["value"], "error: A parameter is written NAME=VALUE. Received: value."),
        (json.loads(STOCK.read_text()), [], "error: The file must hold a PipelineSpec."),
    ],
    ids=["no YAML", "empty", "unknown parameter", "no value", "stock"],
)
def test_what_kfp_would_refuse_is_refused(run, document, parameters, message):
    code, _, error = run(document, *parameters)

    assert code == 2
    assert error.startswith(message)
