"""Beam's options: how they are given, which of them a node gets, which are refused, and that none is in a cache key."""

from pathlib import Path

import pytest
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline

from components.errors import UsageError
from pipeline import beam
from pipeline.config import NodeConfig, RunnerConfig
from pipeline.runner.compiled import Compiled
from pipeline.runner.nodes import NodeResult, run_node
from tests.pipeline.portable.beam_node import Count

HERE = RunnerConfig().beam_args
FLINK = ("--runner=FlinkRunner", "--flink_master=host:8081")


def test_an_option_for_all_nodes_follows_the_defaults():
    runner = beam.added(RunnerConfig(), ["--direct_num_workers=2"])
    assert beam.options_of(runner, "Transform") == (*HERE, "--direct_num_workers=2")


@pytest.mark.parametrize("arguments", [FLINK, FLINK[::-1]], ids=["runner first", "runner last"])
def test_another_runner_takes_the_place_of_the_defaults(arguments):
    runner = beam.added(RunnerConfig(), arguments)
    assert beam.options_of(runner, "Transform") == arguments


def test_an_option_for_a_node_is_that_nodes_alone():
    runner = beam.added(RunnerConfig(), ["Transform:--direct_num_workers=2"])
    assert beam.options_of(runner, "Transform") == (*HERE, "--direct_num_workers=2")
    assert beam.options_of(runner, "Evaluator") == HERE


def test_another_runner_for_a_node_drops_what_all_nodes_have():
    runner = beam.added(RunnerConfig(), [*FLINK, "Evaluator:--runner=FnApiRunner"])
    assert beam.options_of(runner, "Transform") == FLINK
    assert beam.options_of(runner, "Evaluator") == ("--runner=FnApiRunner",)


def test_what_the_task_says_of_a_node_stays():
    before = RunnerConfig(nodes={"Transform": NodeConfig(retries=2, beam_args=("--direct_num_workers=1",))})
    after = beam.added(before, ["Transform:--direct_num_workers=2"])
    assert after.nodes["Transform"] == NodeConfig(
        retries=2, beam_args=("--direct_num_workers=1", "--direct_num_workers=2")
    )


@pytest.mark.parametrize("argument", ["", "FlinkRunner", "Transform", "Transform:", "Transform:x=1", "-x=1", ":--"])
def test_what_is_no_option_is_refused(argument):
    with pytest.raises(UsageError, match="--beam-arg=NODE:--name=value"):
        beam.added(RunnerConfig(), [argument])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--runner=FnApiRunner", "--direct_num_worker=2"), "Did you mean 'direct_num_workers'"),
        (("--runner=DataflowRunner", "--regoin=a"), "Did you mean 'region'"),
        (("--runner=FnApiRunner", "--direct_num_workers=two"), "invalid int value: 'two'"),
        (("--runner=FlinkRunner", "--flink_version=0.1"), "invalid choice: '0.1'"),
        (("--runner=FlinkRuner",), "Did you mean 'FlinkRunner'"),
        (("--direct_num_workers=2",), "Beam's runner must be named"),
        (("--runner=FnApiRunner", "--help"), "Beam must understand its options"),
    ],
)
def test_what_beam_would_not_take_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        beam.check(options)


@pytest.mark.parametrize(
    "options",
    [
        HERE,
        # Only Flink's job server knows this one.
        (*FLINK, "--checkpointing_interval=60000"),
        ("--runner=directrunner",),
        ("--runner=my.own.Runner",),
    ],
)
def test_what_beam_may_take_passes(options):
    beam.check(options)


def test_options_reach_beam_and_a_change_of_them_runs_nothing_again(tmp_path):
    def run(run_id: str, *more: str) -> NodeResult:
        count = Count(upto=3).with_beam_pipeline_args([*HERE, *more])
        connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.db"))
        pipeline = Pipeline("count", str(tmp_path / "root"), components=[count], enable_cache=True)
        return run_node(Compiled.of(pipeline, run_id), "Count", connection)

    first = run("run-1", "--direct_num_workers=2")
    assert Path(first.outputs["counted"][0].uri).read_text() == "3 by 2"
    assert [first.cached, run("run-2").cached, run("run-3", "--direct_num_workers=2").cached] == [False, True, True]
