"""Nodes run on TFX's Launcher: results, cache hits, partial runs, failures, as ML Metadata then has them."""

import json
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline

from components import progress
from components.errors import ComponentFailed, UsageError
from pipeline.payload import BYTES_PROPERTY, DIGEST_PROPERTY, measure
from pipeline.runner.compiled import Compiled
from pipeline.runner.nodes import NodeResult, run_node, take_over_latest_run


class Run:
    """A run of a pipeline, in this process."""

    def __init__(self, pipeline: Pipeline, run_id: str, first: str | None = None, last: str | None = None) -> None:
        self.compiled = Compiled.parse(Compiled.of(pipeline, run_id, first, last).serialize())
        self.connection = pipeline.metadata_connection_config
        if self.compiled.takes_over:
            take_over_latest_run(self.compiled, self.connection)

    def node(self, node_id: str) -> NodeResult:
        return run_node(self.compiled, node_id, self.connection)

    def all(self) -> list[NodeResult]:
        return [self.node(node_id) for node_id in self.compiled.nodes]


def store(pipeline: Pipeline):
    return metadata.Metadata(pipeline.metadata_connection_config)


def states(pipeline: Pipeline) -> list[int]:
    with store(pipeline) as handle:
        return [execution.last_known_state for execution in handle.store.get_executions()]


def text(result: NodeResult, key: str) -> str:
    return Path(result.outputs[key][0].uri).read_text()


def test_nodes_run_in_order_and_give_their_outputs(build):
    run = Run(build(), "run-1")
    assert list(run.compiled.nodes) == ["Write", "Copy"]
    assert run.compiled.upstream == {"Write": frozenset(), "Copy": frozenset({"Write"})}
    results = run.all()
    assert [result.cached for result in results] == [False, False]
    assert text(results[1], "copied") == "hello"


def test_no_way_to_the_store_is_written_down(build):
    assert b"metadata.db" not in Compiled.of(build(), "run-1").serialize()


def test_a_second_run_takes_its_outputs_from_the_first(build):
    before, after = Run(build(), "run-1").all(), Run(build(), "run-2").all()
    assert [result.cached for result in after] == [True, True]
    assert after[1].outputs["copied"][0].uri == before[1].outputs["copied"][0].uri


def test_without_a_cache_all_runs_again_and_can_be_taken_later(build):
    Run(build(), "run-1").all()
    assert [result.cached for result in Run(build(enable_cache=False), "run-2").all()] == [False, False]
    assert [result.cached for result in Run(build(), "run-3").all()] == [True, True]


def test_a_changed_parameter_runs_the_node_and_what_follows(build):
    Run(build(), "run-1").all()
    after = Run(build("changed"), "run-2").all()
    assert [result.cached for result in after] == [False, False]
    assert text(after[1], "copied") == "changed"


def test_size_and_digest_are_published_with_the_output(build):
    [written, _] = Run(build(), "run-1").all()
    [artifact] = written.outputs["written"]
    payload = measure(Path(artifact.uri))
    noted = artifact.mlmd_artifact.custom_properties
    assert (noted[BYTES_PROPERTY].double_value, noted[DIGEST_PROPERTY].string_value) == (payload.bytes, payload.digest)
    assert payload.bytes == 5


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda file: file.unlink(), "it is gone"),
        (lambda file: file.write_text("hel"), "it has 3 bytes, not 5"),
        (lambda file: file.write_text("hallo"), "its content has changed"),
    ],
    ids=["gone", "cut", "changed"],
)
def test_a_damaged_output_is_no_hit_and_that_is_said(build, tmp_path, monkeypatch, damage, words):
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(tmp_path / "events"))
    pipeline = build()
    [written, _] = Run(pipeline, "run-1").all()
    damage(Path(written.outputs["written"][0].uri))
    after = Run(build(), "run-2").all()
    # The copy is made again too: its input is another artifact.
    assert [result.cached for result in after] == [False, False]
    assert text(after[1], "copied") == "hello"
    [notice] = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert words in notice["message"]
    assert "Write cannot take String" in notice["message"]
    with store(pipeline) as handle:
        [artifact] = handle.store.get_artifacts_by_id([written.outputs["written"][0].id])
    assert artifact.state == metadata_store_pb2.Artifact.DELETED
    assert [result.cached for result in Run(build(), "run-3").all()] == [True, True]


def test_of_several_earlier_outputs_the_newest_whole_one_is_taken(build):
    first = Run(build(enable_cache=False), "run-1").all()
    second = Run(build(enable_cache=False), "run-2").all()
    Path(second[0].outputs["written"][0].uri).unlink()
    third = Run(build(), "run-3").node("Write")
    assert third.cached
    assert third.outputs["written"][0].uri == first[0].outputs["written"][0].uri


def test_a_hit_leaves_no_temporary_folder(build, tmp_path):
    Run(build(), "run-1").all()
    Run(build(), "run-2").all()
    assert [path for path in tmp_path.glob("root/*/.system/*/*") if path.is_dir()] == []


def test_a_partial_run_takes_the_rest_from_the_latest_run(build):
    Run(build(), "run-1").all()
    second = Run(build(), "run-2", first="Copy")
    assert list(second.compiled.nodes) == ["Copy"]
    assert second.compiled.upstream == {"Copy": frozenset()}
    assert text(second.node("Copy"), "copied") == "hello"


def test_a_partial_run_without_an_earlier_run_is_refused(build):
    with pytest.raises(UsageError, match="A partial run needs an earlier run"):
        Run(build(), "run-1", first="Copy")


def test_a_node_that_does_not_exist_is_refused(build):
    with pytest.raises(UsageError, match=r"Did you mean 'Copy'\?"):
        Compiled.of(build(), "run-1", last="Copi")


def test_a_failure_is_raised_and_published(build):
    pipeline = build("fail")
    with pytest.raises(ValueError, match="it was told to fail"):
        Run(pipeline, "run-1").node("Write")
    assert states(pipeline) == [metadata_store_pb2.Execution.FAILED]


@pytest.mark.parametrize(
    ("damage", "words"),
    [(lambda file: file.unlink(), "it is gone"), (lambda file: file.write_text("hallo"), "its content has changed")],
    ids=["gone", "changed"],
)
def test_a_damaged_input_is_not_read(build, damage, words):
    pipeline = build()
    run = Run(pipeline, "run-1")
    damage(Path(run.node("Write").outputs["written"][0].uri))
    with pytest.raises(ComponentFailed, match=f"What Copy reads must be as it was published.*{words}"):
        run.node("Copy")
    assert states(pipeline) == [metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.FAILED]
    assert [result.cached for result in Run(build(), "run-2").all()] == [False, False]


def test_a_node_that_fails_leaves_no_temporary_folder(build, tmp_path):
    with pytest.raises(ValueError, match="it was told to fail"):
        Run(build("fail"), "run-1").node("Write")
    assert [path for path in tmp_path.glob("root/*/.system/*/*") if path.is_dir()] == []
