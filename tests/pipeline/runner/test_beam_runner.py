"""The same pipeline under TFX's BeamDagRunner: the nodes, their results and ML Metadata are the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow


@pytest.fixture
def ran(tmp_path):
    """Runs the small pipeline on Beam, forked from a process that has run nothing, as the worker is."""

    def ran(text: str, run_id: str):
        done = subprocess.run(
            [sys.executable, str(HERE / "on_beam.py"), str(tmp_path), text, run_id],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[2])])},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return json.loads(done.stdout.splitlines()[-1])

    return ran


def test_the_nodes_run_and_a_second_run_takes_their_outputs(ran):
    first = ran("hello", "run-1")
    assert first["errors"] == []
    assert first["states"] == {"Write": "complete", "Copy": "complete"}
    [copied] = first["told"]["Copy"]["uris"]
    assert Path(copied).read_text() == "hello"
    second = ran("hello", "run-2")
    assert second["states"] == {"Write": "cached", "Copy": "cached"}
    assert second["told"]["Copy"]["uris"] == [copied]


def test_a_node_that_fails_ends_the_run_and_what_follows_has_not_run(ran):
    ended = ran("fail", "run-1")
    [error] = ended["errors"]
    assert "it was told to fail" in error
    assert ended["told"] == {}
    assert ended["states"] == {"Write": "failed", "Copy": "not run"}
