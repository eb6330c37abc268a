"""A compiled file, a server on loopback, and `slipway submit` between them."""

import pytest
import yaml

from pipeline.cli import main
from tests.kubeflow.harness import tiny
from tests.kubeflow.submit.api_server import ApiServer

VARIABLES = ("HOST", "NAMESPACE", "TOKEN", "TOKEN_FILE", "CA_FILE")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    for name in VARIABLES:
        monkeypatch.delenv(f"SLIPWAY_KFP_{name}", raising=False)
    from kfp.client import Client

    from kubeflow.submit import watch

    monkeypatch.setattr(watch, "POLL_S", 0.0)
    monkeypatch.setattr(Client, "_LOCAL_KFP_CONTEXT", str(tmp_path / "context.json"))


@pytest.fixture
def server():
    with ApiServer() as running:
        yield running


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny.spec()))
    return path


@pytest.fixture
def submit(capsys, server, file):
    def call(*options, host=None, path=None):
        capsys.readouterr()
        code = main(["submit", str(path or file), "--host", host or server.host, *options])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call
