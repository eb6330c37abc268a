"""The same pipeline under TFX's BeamDagRunner: the nodes, their results and ML Metadata are the same."""

import json
from pathlib import Path

import pytest

from components import progress
from components.errors import SlipwayError
from pipeline.config import RunnerConfig
from pipeline.runner import beam_runner, child
from pipeline.runner.compiled import Compiled
from pipeline.runner.nodes import NodeResult
from pipeline.runner.state import fold


@pytest.fixture
def ran(build, tmp_path, monkeypatch):
    """Runs a pipeline on Beam and returns what its nodes were told to be, and the state that the events tell."""
    events = tmp_path / "events"
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(events))

    def report(_node: str, result: NodeResult) -> dict[str, object]:
        return {
            "cached": result.cached,
            "uris": [artifact.uri for kept in result.outputs.values() for artifact in kept],
        }

    def ran(text: str, run_id: str):
        pipeline = build(text)
        compiled, store = Compiled.of(pipeline, run_id), pipeline.metadata_connection_config
        args = RunnerConfig().beam_args
        errors = beam_runner.failure_of(
            lambda: child.run("beam", lambda: beam_runner.run_on_beam(compiled, store, args), tmp_path / "log")
        )
        events.unlink(missing_ok=True)
        told = child.run("results", lambda: beam_runner.results(compiled, store, report), tmp_path / "log")
        return errors, told, fold(json.loads(line) for line in events.read_text().splitlines())

    return ran


def test_the_nodes_run_and_a_second_run_takes_their_outputs(ran):
    errors, told, state = ran("hello", "run-1")
    assert errors == {}
    assert [node.state for node in state.nodes.values()] == ["complete", "complete"]
    [copied] = told["Copy"]["uris"]
    assert Path(copied).read_text() == "hello"
    _, again, state = ran("hello", "run-2")
    assert [node.state for node in state.nodes.values()] == ["cached", "cached"]
    assert again["Copy"]["uris"] == [copied]


def test_a_node_that_fails_ends_the_run_and_what_follows_has_not_run(ran):
    errors, told, state = ran("fail", "run-1")
    [error] = errors.values()
    assert isinstance(error, SlipwayError)
    assert "it was told to fail" in str(error)
    assert told == {}
    assert {node.id: node.state for node in state.nodes.values()} == {"Write": "failed", "Copy": "not run"}
