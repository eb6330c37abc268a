"""Nodes run on TFX's Launcher: results, cache hits, partial runs, failures, as ML Metadata then has them."""

import sys
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline

from components.errors import UsageError
from pipeline.runner.nodes import Nodes

sys.path.insert(0, str(Path(__file__).parent))
from two_components import Copy, Write


@pytest.fixture
def build(tmp_path):
    """Returns a pipeline of two nodes; every call shares one store."""

    def build(text: str = "hello") -> Pipeline:
        write = Write(text=text)
        return Pipeline(
            pipeline_name="two",
            pipeline_root=str(tmp_path / "root"),
            components=[write, Copy(original=write.outputs["written"])],
            enable_cache=True,
            metadata_connection_config=metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.db")),
        )

    return build


def _states(pipeline: Pipeline) -> list[int]:
    with metadata.Metadata(pipeline.metadata_connection_config) as handle:
        return [execution.last_known_state for execution in handle.store.get_executions()]


def _text(result, key: str) -> str:
    return Path(result.outputs[key][0].uri).read_text()


def test_nodes_run_in_order_and_give_their_outputs(build):
    nodes = Nodes(build(), "run-1")
    assert nodes.ids == ["Write", "Copy"]
    results = [nodes.run(node) for node in nodes.ids]
    assert [result.cached for result in results] == [False, False]
    assert _text(results[1], "copied") == "hello"


def test_a_second_run_takes_its_outputs_from_the_first(build):
    first, second = Nodes(build(), "run-1"), Nodes(build(), "run-2")
    before = [first.run(node) for node in first.ids]
    after = [second.run(node) for node in second.ids]
    assert [result.cached for result in after] == [True, True]
    assert after[1].outputs["copied"][0].uri == before[1].outputs["copied"][0].uri


def test_a_changed_parameter_runs_the_node_and_what_follows(build):
    first, second = Nodes(build(), "run-1"), Nodes(build("changed"), "run-2")
    for node in first.ids:
        first.run(node)
    after = [second.run(node) for node in second.ids]
    assert [result.cached for result in after] == [False, False]
    assert _text(after[1], "copied") == "changed"


def test_a_partial_run_takes_the_rest_from_the_latest_run(build):
    first, second = Nodes(build(), "run-1"), Nodes(build(), "run-2", from_node="Copy")
    for node in first.ids:
        first.run(node)
    assert second.ids == ["Copy"]
    assert _text(second.run("Copy"), "copied") == "hello"


def test_a_partial_run_without_an_earlier_run_is_refused(build):
    with pytest.raises(UsageError, match="A partial run needs an earlier run"):
        Nodes(build(), "run-1", from_node="Copy").run("Copy")


def test_a_node_that_does_not_exist_is_refused(build):
    with pytest.raises(UsageError, match=r"Did you mean 'Copy'\?"):
        Nodes(build(), "run-1", to_node="Copi")


def test_a_failure_is_raised_and_published(build):
    pipeline = build("fail")
    with pytest.raises(ValueError, match="it was told to fail"):
        Nodes(pipeline, "run-1").run("Write")
    assert _states(pipeline) == [metadata_store_pb2.Execution.FAILED]
