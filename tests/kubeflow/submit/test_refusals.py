"""What `slipway submit` refuses itself, and how it tells what the server refuses."""

import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from pipeline.cli import main
from tests.kubeflow import recorded
from tests.kubeflow.harness import tiny

TOKEN = "abc-secret-token"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--param", "valu=3"],
            "A runtime parameter must exist. Received: valu. Did you mean 'value'? Known: attempts, ",
        ),
        (["--param", "value=3.5"], "`value` must be of type NUMBER_INTEGER: a whole number. Received: value=3.5."),
        (["--param", "least=NaN"], "`least` must be of type NUMBER_DOUBLE: a number."),
        (["--param", "value=1", "--param", "value=2"], "A parameter must be given once."),
        (["--param", "value"], "A parameter is written NAME=VALUE. Received: value."),
        (
            ["--recurring", "30 2 * * *"],
            "KFP's cron has six fields: seconds, minutes, hours, days, months, days of the ",
        ),
        (["--recurring", "0 60 2 * * *"], "The minutes of a cron expression must lie in 0-59."),
        (["--upload", "a", "--recurring", "@daily"], "A file is run, scheduled, or uploaded."),
        (["--upload", "a", "--wait"], "A file is run, scheduled, or uploaded."),
        (["--upload", " "], "--upload takes a name, and no parameters."),
        (["--timeout", "3"], "--timeout goes with --wait."),
        (["--max-concurrency", "11"], "11 is not in the range 1<=x<=10."),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(submit, server, options, message):
    code, out, err = submit(*options)

    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert set(server.calls) <= {"GET /apis/v2beta1/healthz"}


def test_values_of_every_type_are_read_strictly():
    from components.errors import UsageError
    from kubeflow.typed_parameters import typed

    kinds = {"n": "NUMBER_INTEGER", "x": "NUMBER_DOUBLE", "b": "BOOLEAN", "l": "LIST", "d": "STRUCT", "s": "STRING"}
    parameters = {name: {"parameterType": kind} for name, kind in kinds.items()}
    spec = {"root": {"inputDefinitions": {"parameters": parameters}}}

    found = typed(spec, ["n=3.0", "x=1e-3", "b=true", "l=[1]", 'd={"a": null}', "s="])
    assert found == {"n": 3, "x": 1e-3, "b": True, "l": [1], "d": {"a": None}, "s": ""}
    for wrong in ("n=true", "n=1e400", "x=Infinity", "x='1'", "b=1", "b=True", "l={}", "l=1,2", "d=[]", "n="):
        with pytest.raises(UsageError, match="must be of type"):
            typed(spec, [wrong])
    with pytest.raises(UsageError, match=r"Known: none\.$"):
        typed({"root": {}}, ["n=1"])


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ("0 0 9 ? * 2-6", True),
        ("0 */15 1,13 1-15/2 JAN-jun SUN", True),
        ("@every 1h30m", True),
        ("@daily", True),
        ("0 0 0 31 12 6", True),
        ("0 0 24 * * *", False),
        ("0 0 0 0 * *", False),
        ("0 0 0 * 13 *", False),
        ("0 0 0 * * 7", False),
        ("0 0 0 * * FRI-MON", False),
        ("*/0 * * * * *", False),
        ("0 0 0 L * *", False),
        ("@reboot", False),
        ("", False),
    ],
)
def test_cron_expressions(expression, fits):
    from components.errors import UsageError
    from kubeflow.submit import cron

    if fits:
        assert cron.check(expression) == expression
    else:
        with pytest.raises(UsageError):
            cron.check(expression)


def test_a_crontab_line_is_told_what_it_lacks(submit):
    assert "With seconds before crontab's five: '0 30 2 * * *'." in submit("--recurring", "30 2 * * *")[2]


def test_there_must_be_a_host(submit, monkeypatch, server, file, capsys):
    assert main(["submit", str(file)]) == 2
    assert "Submitting needs the URL of KFP: --host or $SLIPWAY_KFP_HOST." in capsys.readouterr().err
    monkeypatch.setenv("SLIPWAY_KFP_HOST", server.host)
    assert main(["submit", str(file)]) == 0
    for host in ("localhost:8888", "http://", "http://host:port", "ftp://host"):
        assert "must be a URL that begins with http:// or https://" in submit(host=host)[2]
    code, _, err = submit(host="https://me:hidden@host")
    assert code == 2
    assert "--host must hold no credentials." in err
    assert "hidden" not in err


def test_a_host_that_is_not_there_is_said_at_once(submit):
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"http://127.0.0.1:{free.getsockname()[1]}"

    code, _, err = submit(host=host)

    assert code == 1
    assert re.match(rf"error: KFP must be reachable\. Received: host={host} \(.*refused\)\. Example: --host", err)


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (200, "<html>Welcome</html>", "The host must answer as the API of KFP 2.x does. Received: host="),
        (404, "<html>nothing</html>", "The host must answer as the API of KFP 2.x does. Received: host="),
        (302, "", "KFP must know who submits."),
        (500, '{"message": "no database"}', "KFP must be well. Received: status 500: no database."),
    ],
)
def test_a_host_that_is_something_else_is_not_sent_anything(submit, status, body, message):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if body.startswith("{") else "text/html")
            self.send_header("Location", "/login")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.handle_request).start()
        code, out, err = submit(host=f"http://127.0.0.1:{other.server_port}")

    assert out == ""
    assert code == (1 if status == 500 else 2)
    assert message in err
    assert err.count("\n") == 1


def test_the_token_comes_from_the_environment_and_is_never_shown(submit, server, monkeypatch, tmp_path):
    server.token = TOKEN
    code, _, err = submit("--debug")
    assert code == 2
    assert "KFP must know who submits. Received: host=" in err
    assert "Put a token that is valid there into $SLIPWAY_KFP_TOKEN" in err

    monkeypatch.setenv("SLIPWAY_KFP_TOKEN", TOKEN)
    assert submit()[0] == 0
    monkeypatch.setenv("SLIPWAY_KFP_TOKEN_FILE", str(tmp_path / "token"))
    assert "$SLIPWAY_KFP_TOKEN_FILE must name a file that can be read." in submit()[2]
    (tmp_path / "token").write_text("another-secret\n")
    code, out, err = submit("--debug")
    assert code == 2
    assert "another-secret" not in out + err
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    code, out, err = submit("--debug", "--wait")
    assert code == 0
    assert TOKEN not in out + err


def test_a_kfp_of_several_users_wants_a_namespace_and_knows_whose(submit, server):
    server.namespaces = ["team"]

    assert "A KFP of several users needs a namespace" in submit()[2]
    code, _, err = submit("--namespace", "teem")
    assert code == 2
    assert "Whoever submits must have the right to. Received: namespace=teem, status 403: User 'somebody' is not" in err
    assert submit("--namespace", "team")[0] == 0
    assert submit("--namespace", "team", "--upload", "x")[0] == 0
    assert [item["namespace"] for item in server.experiments.values()] == ["team"]


def test_a_kfp_of_one_user_is_not_told_a_namespace(submit, server):
    assert submit("--namespace", "team")[0] == 0
    assert [item["namespace"] for item in server.experiments.values()] == [""]


def test_what_the_server_refuses_is_shown_in_its_words(submit, server, monkeypatch, tmp_path):
    from kubeflow.submit import submission

    spec = tiny.spec()
    spec["schemaVersion"] = "2.0.0"
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(spec))
    told = "The schema must have version 2.1.0."
    code, _, err = submit(path=tmp_path / "old.yaml")
    assert (code, server.calls) == (2, [])
    assert told in err

    monkeypatch.setattr(submission.checks, "require", lambda *_, **__: None)
    for options in ([], ["--upload", "x"], ["--recurring", "@daily"]):
        code, _, err = submit(*options, path=tmp_path / "old.yaml")
        assert code == 2
        assert f"KFP refused it. Received: status 400: Invalid input error: {told}" in err
    assert (server.runs, server.recurring, server.pipelines) == ({}, {}, {})


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "a: [", "A compiled pipeline is YAML."),
        ("a.yaml", "", "A compiled pipeline must be a PipelineSpec and, if anything, a platform document."),
        ("a.yaml", "- 1", "A compiled pipeline must be a PipelineSpec and, if anything, a platform document."),
        (
            "a.yaml",
            "schemaVersion: 2.1.0\n---\nb: 2",
            "The second document of a compiled pipeline must be the Kubernetes platform's.",
        ),
        ("a.yaml", "a: 1", "A compiled pipeline must be a PipelineSpec."),
        ("a.yaml", "root: 3\ncomponents: 4", "A compiled pipeline must be a PipelineSpec."),
        ("a.yaml", "schemaVersion: 2.1.0", "The file must hold a PipelineSpec."),
        ("a.yaml", "pipelineSpec: {}", "The file must be compiled for kfp."),
        ("a.json", "{}", "The name of a compiled pipeline must end in .yaml or .yml"),
    ],
)
def test_only_what_was_compiled_for_kfp_is_sent(submit, server, tmp_path, name, text, message):
    (tmp_path / name).write_text(text)

    code, _, err = submit(path=tmp_path / name)

    assert code == 2
    assert message in err
    assert server.calls == []


def test_a_file_for_vertex_is_refused(submit, server):
    code, _, err = submit(path=recorded.GOLDEN / "vertex.yaml")

    assert (code, server.calls) == (2, [])
    assert "The file must be compiled for kfp." in err
    assert "`slipway compile TASK --target kfp -o FILE.yaml` writes one." in err


def test_the_sdk_must_be_installed(submit, monkeypatch):
    import importlib.metadata

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)

    code, _, err = submit()

    assert code == 2
    assert "`make install` brings it; elsewhere `pip install kfp kfp-kubernetes`." in err
