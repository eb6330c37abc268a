"""The DAG is wired as the design says, and as its picture shows."""

import importlib.metadata
import json
import re
from pathlib import Path

import pytest
from tfx.dsl.compiler.compiler import Compiler
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.common.resolver import Resolver

from components.errors import UsageError
from pipeline import tasks
from pipeline.config import override
from pipeline.dag import PROJECT, Places, create_pipeline, input_config, output_config
from pipeline.data_source import find
from pipeline.tf_example import example

PLACES = Places(artifacts="/artifacts", serving="/serving")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("data")
    for name in ("train-0", "eval-0"):
        with tf.io.TFRecordWriter(str(folder / name)) as writer:
            writer.write(example({"fare": 1.0}))
    return folder


@pytest.fixture(scope="module")
def source(folder):
    return find(folder, {"train": "train-*", "eval": "eval-*"}, 0.2)


@pytest.fixture(scope="module")
def pipeline(source):
    return create_pipeline(tasks.load("taxi"), source, PLACES)


def _upstream(pipeline) -> dict[str, set[str]]:
    return {node.id: {other.id for other in node.upstream_nodes} for node in pipeline.components}


def test_ids_are_what_argo_takes(pipeline):
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9]*", node.id) for node in pipeline.components)


def test_nothing_learns_before_the_gate_and_nothing_is_pushed_without_both_checks(pipeline):
    upstream = _upstream(pipeline)
    gated = {"ImportExampleGen", "StatisticsGen", "ImportSchemaGen", "ExampleValidator", "StatisticsResolver"}
    assert upstream["DataGate"] == gated
    assert upstream["Transform"] == {"ImportExampleGen", "ImportSchemaGen"}
    assert "DataGate" in upstream["Trainer"]
    assert upstream["Evaluator"] >= {"Trainer", "BaselineResolver", "ImportExampleGen"}
    assert upstream["ServingCheck"] == {"Trainer", "ImportExampleGen", "ImportSchemaGen"}
    assert upstream["Pusher"] == {"Trainer", "Evaluator", "ServingCheck"}


def test_an_edited_schema_is_read_again(source, tmp_path):
    def properties(text):
        (tmp_path / "schema.pbtxt").write_text(text)
        task = override(tasks.load("taxi"), [f"schema.path={tmp_path / 'schema.pbtxt'}"])
        [importer] = [node for node in create_pipeline(task, source, PLACES).components if node.id == "ImportSchemaGen"]
        return dict(importer.exec_properties)

    assert properties("# one") == properties("# one")
    assert properties("# one") != properties("# another")


@pytest.mark.parametrize(
    ("module", "nodes"),
    [
        ("pipeline.tasks.taxi.model", {"Trainer"}),
        ("pipeline.tasks.taxi.preprocessing", {"Transform", "Trainer"}),
        ("components.trainer.losses.focal", {"Trainer"}),
        ("components.data_gate.rules", {"DataGate"}),
        ("components.pusher.versions", {"Pusher"}),
        ("components.errors", {"DataGate", "Transform", "Trainer", "Evaluator", "ServingCheck"}),
    ],
)
def test_an_edit_runs_the_nodes_that_use_the_module_and_no_other(pipeline, module, nodes):
    """What follows them runs because its inputs are new."""
    codes = {node.id: node.exec_properties.get("code") for node in pipeline.components}
    assert {node for node, code in codes.items() if code and module in json.loads(code)["modules"]} == nodes


def test_every_node_knows_the_versions_that_it_runs_with(pipeline):
    codes = [node.exec_properties["code"] for node in pipeline.components if not isinstance(node, Resolver)]
    assert {json.loads(code)["versions"]["tfx"] for code in codes} == {importlib.metadata.version("tfx")}


@pytest.fixture(scope="module")
def tuned(source):
    return create_pipeline(override(tasks.load("taxi"), ["tuning.trials=2"]), source, PLACES)


def test_a_search_comes_between_transform_and_trainer(pipeline, tuned):
    upstream = _upstream(tuned)
    assert upstream["Tuner"] == {"Transform", "ImportSchemaGen", "DataGate"}
    assert upstream["Trainer"] == {"Tuner", "Transform", "ImportSchemaGen", "ImportExampleGen", "DataGate"}


@pytest.fixture(scope="module")
def full(source, tmp_path_factory):
    from tests.components.trainer.hub.modules import save_words

    module = save_words(tmp_path_factory.mktemp("hub") / "words")
    changes = ["tuning.trials=2", "embedding.enabled=true", f"embedding.module={module}", "embedding.feature=fare"]
    return create_pipeline(override(tasks.load("taxi"), changes), source, PLACES)


def test_what_trains_takes_examples_and_graph_of_the_embedder(full):
    nodes = {node.id: node for node in full.components}
    upstream = _upstream(full)
    assert upstream["Embedder"] == {"Transform", "DataGate"}
    assert upstream["Tuner"] == {"Embedder", "ImportSchemaGen", "DataGate"}
    assert upstream["Trainer"] == {"Tuner", "Embedder", "ImportSchemaGen", "ImportExampleGen", "DataGate"}
    assert upstream["Evaluator"] >= {"Trainer", "ImportExampleGen"}
    # The module by its content: a cached node of another one is not taken.
    assert len(nodes["Embedder"].exec_properties["module"]) == 64


def test_an_embedder_without_a_feature_is_refused(source):
    task = override(tasks.load("taxi"), ["embedding.enabled=true", "embedding.module=m"])
    with pytest.raises(UsageError, match=r"`embedding.feature` must be given"):
        create_pipeline(task, source, PLACES)


@pytest.mark.parametrize(("drawn", "of"), [("(?:tfx|ours)", "pipeline"), ("(?:tfx|ours)(?: option)?", "full")])
def test_the_picture_shows_every_node_and_no_other(drawn, of, request):
    picture = (PROJECT / "docs" / "dag.svg").read_text()
    found = re.findall(rf'<rect class="{drawn}"[^>]*/><text[^>]*>([^<]+)<', picture)
    assert sorted(found) == sorted(node.id for node in request.getfixturevalue(of).components)


def test_compiling_twice_gives_the_same(source):
    first, second = (Compiler().compile(create_pipeline(tasks.load("taxi"), source, PLACES)) for _ in range(2))
    assert first.SerializeToString(deterministic=True) == second.SerializeToString(deterministic=True)


def test_named_splits_reach_example_gen(source):
    assert {split.name: split.pattern for split in input_config(source).splits} == {
        "train": "train-*",
        "eval": "eval-*",
    }
    assert output_config(source) is None


def test_a_folder_without_splits_is_split_by_hash(folder):
    source = find(folder, {"train": "a-*", "eval": "b-*"}, 0.25)
    [split] = input_config(source).splits
    assert split.pattern == "*"
    buckets = {split.name: split.hash_buckets for split in output_config(source).split_config.splits}
    assert buckets["train"] == 3 * buckets["eval"]


def test_a_metric_that_does_not_exist_is_refused(source):
    task = override(tasks.load("taxi"), ["evaluation.metrics=[AUCC]", "evaluation.thresholds={}"])
    with pytest.raises(UsageError, match="Did you mean 'AUC'"):
        create_pipeline(task, source, PLACES)


def _beam_args(task, source) -> dict[str, list[str]]:
    nodes = create_pipeline(task, source, PLACES).components
    specs = {node.id: node.executor_spec for node in nodes if isinstance(node, BaseBeamComponent)}
    return {node: list(spec.beam_pipeline_args) for node, spec in specs.items()}


def test_each_beam_node_gets_its_options_and_another_runner_nothing_of_the_default(source):
    task = override(tasks.load("taxi"), ["runner.nodes.Transform.beam_args=[--runner=FlinkRunner, --parallelism=4]"])
    args = _beam_args(task, source)
    assert args.pop("Transform") == ["--runner=FlinkRunner", "--parallelism=4"]
    assert args.keys() >= {"ImportExampleGen", "StatisticsGen", "Evaluator"}
    assert {tuple(others) for others in args.values()} == {task.runner.beam_args}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("runner.nodes.Trasform.beam_args=[--direct_num_workers=2]", "Did you mean 'Transform'"),
        ("runner.nodes.Trainer.beam_args=[--direct_num_workers=2]", "belong to a node that uses Beam"),
        ("runner.nodes.Transform.beam_args=[--direct_num_worker=2]", "Did you mean 'direct_num_workers'"),
        ("runner.beam_args=[--runner=FlinkRuner]", "Did you mean 'FlinkRunner'"),
    ],
)
def test_options_that_no_node_takes_are_refused(source, change, message):
    with pytest.raises(UsageError, match=message):
        create_pipeline(override(tasks.load("taxi"), [change]), source, PLACES)
