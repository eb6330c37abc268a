"""What the steps of runs on KFP have left, in the store, as a local run would have left it."""

import json
import shutil
import time
from argparse import Namespace

import pytest

from pipeline.cli import main
from pipeline.lineage import Store
from tests.kubeflow.sink import steps as tiny
from tests.kubeflow.sink.steps import NODES, Steps


@pytest.fixture(autouse=True)
def launcher(tmp_path, monkeypatch):
    from kubeflow.step.executor_input import ROOT_VARIABLE

    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "pod"))


@pytest.fixture
def records(tmp_path):
    return tmp_path / "volume" / "records" / "tiny"


@pytest.fixture
def run(tmp_path, records):
    """Starts a run: returns its steps, and what ends it and opens the store."""

    def start(name):
        steps = Steps(records, name, tmp_path / "pod")

        def end(succeeded=True):
            from kubeflow.sink.sink import sink

            sink(str(tmp_path / "metadata.db"), records, name, NODES, succeeded)
            return Store.open(tmp_path / "metadata.db")

        return steps, end

    return start


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A store with a first run, r1, which pushed a model, and where its artifacts are."""
    from kubeflow.sink.sink import sink

    folder = tmp_path_factory.mktemp("first")
    steps = Steps(folder / "tiny", "r1", folder / "pod")
    tiny.first_run(steps)
    sink(str(folder / "metadata.db"), folder / "tiny", "r1", NODES, succeeded=True)
    return folder / "metadata.db", steps.made


@pytest.fixture
def pushed(first, tmp_path):
    """The URIs of the artifacts of a first run, r1, that the store has already."""
    shutil.copy(first[0], tmp_path)
    return first[1]


def states(store, run):
    return {node.node: node.state for node in store.run(run).nodes}


def test_a_run_is_in_the_store_as_tfx_would_have_left_it(run, records):
    before = time.time()
    steps, end = run("r1")
    tiny.first_run(steps)
    ended = time.time()

    with end() as store:
        (found,) = store.runs("tiny")
        assert (found.id, found.state, found.version, found.blessed) == ("r1", "complete", "7", True)
        assert found.pushed_to == "/serving/tiny/7"
        assert before <= found.started <= found.started + found.seconds <= ended + 0.001
        assert {node.node: (node.component, node.state) for node in found.nodes} == {
            node: (component, "complete") for node, component in NODES.items()
        }
        (trainer,) = store.executions(pipeline="tiny", node="Trainer")
        assert (trainer.properties["code"], trainer.pipeline, trainer.run) == ("Trainer of 1", "tiny", "r1")
        (gen,) = store.executions(pipeline="tiny", node="ImportExampleGen")
        assert gen.properties["span"] == 3
        (model,) = store.artifacts(kind="Model")
        assert (model.uri, model.state) == ("s3://bucket/root/tiny/r1/trainer/uuid/model", "live")
        assert model.properties["slipway_bytes"] == len("Trainer")
        graph = store.graph(model.id)
        assert [execution.name for execution in graph.ancestors(model.id)] == ["ImportExampleGen", "Trainer"]
        assert {event.key for event in store.events(executions=[trainer.id])} == {"examples", "model"}
    assert not (records / "r1").exists()


def test_writing_a_run_again_changes_nothing(run, records, tmp_path):
    steps, end = run("r1")
    tiny.first_run(steps)
    shutil.copytree(records, tmp_path / "kept")
    counts = []
    for _ in range(2):
        with end() as store:
            counts.append((len(store.executions()), len(store.artifacts()), len(store.events(executions=range(20)))))
        shutil.copytree(tmp_path / "kept", records, dirs_exist_ok=True)

    assert counts[0] == counts[1] == (6, 6, 14)
    shutil.rmtree(records)
    with end(succeeded=False) as store:
        assert states(store, "r1") == dict.fromkeys(NODES, "complete")


@pytest.mark.slow
def test_what_was_begun_is_finished_by_the_next_attempt(run, monkeypatch):
    from tfx.orchestration.portable.mlmd import execution_lib

    steps, end = run("r1")
    tiny.first_run(steps)
    real, left = execution_lib.put_execution, [None] * 2

    def put(*arguments, **options):
        if not left:
            raise ConnectionError("gone")
        left.pop()
        return real(*arguments, **options)

    with monkeypatch.context() as broken:
        broken.setattr(execution_lib, "put_execution", put)
        with pytest.raises(ConnectionError):
            end()

    with end() as store:
        assert states(store, "r1") == dict.fromkeys(NODES, "complete")
        assert len(store.artifacts()) == 6


def test_what_kfp_has_cached_and_what_was_compared_with_is_found(run, pushed):
    steps, end = run("r2")
    copy = steps.resolve("BaselineResolver", "model", pushed["model"])
    given = {"examples": pushed["examples"], "model": pushed["model"], "baseline_model": copy}
    steps.step("Evaluator", ["examples", "model", "baseline_model"], ["blessing"], given, tiny.blessed(0))

    with end() as store:
        found = store.run("r2")
        assert (found.state, found.blessed, found.version) == ("complete", False, None)
        assert states(store, "r2") == {
            "BaselineResolver": "complete",
            "ImportExampleGen": "cached",
            "StatisticsGen": "cached",
            "Trainer": "cached",
            "ServingCheck": "cached",
            "Evaluator": "complete",
        }
        assert len(store.artifacts(kind="Model")) == 1, "a baseline is no artifact of its own"
        (evaluator,) = [one for one in store.executions(run="r2") if one.node == "Evaluator"]
        read = [event.artifact for event in store.events(executions=[evaluator.id]) if event.kind == "input"]
        assert {artifact.uri for artifact in store.artifacts_of(read)} == {pushed["examples"], pushed["model"]}


def test_another_model_as_the_baseline_is_not_what_this_run_made(run, pushed):
    steps, end = run("r2")
    copy = steps.resolve("BaselineResolver", "model", pushed["model"])
    given = {"examples": pushed["examples"]}
    steps.step("Trainer", ["examples"], ["model"], given, epochs=3)
    given["baseline_model"] = copy
    steps.step("Evaluator", ["examples", "model", "baseline_model"], ["blessing"], given, tiny.blessed(1))

    with end() as store:
        assert states(store, "r2")["Trainer"] == "complete"
        assert "ServingCheck" not in states(store, "r2"), "it has a model that it has not seen"
        assert [model.uri.split("/")[5] for model in store.artifacts(kind="Model")] == ["r2", "r1"]


def test_a_baseline_that_the_store_does_not_know_is_an_input_that_was_given(run):
    steps, end = run("r1")
    copy = steps.resolve("BaselineResolver", "model", "s3://elsewhere/model")
    steps.step("ImportExampleGen", makes=["examples"])
    steps.step("Evaluator", ["examples", "baseline_model"], ["blessing"], {"baseline_model": copy})

    with end() as store:
        (model,) = store.artifacts(kind="Model")
        assert model.uri == copy


def test_what_failed_was_killed_or_left_out_is_shown(run):
    from components.errors import DataRefused

    def refuse(_):
        raise DataRefused("The rows must be there.", received="0 rows")

    def kill(_):
        raise KeyboardInterrupt

    steps, end = run("r1")
    steps.step("ImportExampleGen", makes=["examples"])
    with pytest.raises(DataRefused):
        steps.step("StatisticsGen", ["examples"], ["statistics"], ends=refuse)
    with pytest.raises(KeyboardInterrupt):
        steps.step("Trainer", ["examples"], ["model"], ends=kill)

    with end(succeeded=False) as store:
        found = {node.node: (node.state, node.message) for node in store.run("r1").nodes}
        assert store.run("r1").state == "failed"
    assert found == {
        "ImportExampleGen": ("complete", None),
        "StatisticsGen": ("failed", "The rows must be there. Received: 0 rows."),
        "Trainer": ("failed", "The step was killed before it could say why."),
        **dict.fromkeys(("ServingCheck", "Evaluator", "Pusher"), ("canceled", None)),
    }


def test_the_last_attempt_of_a_step_counts(run):
    steps, end = run("r1")
    with pytest.raises(ValueError, match="once"):
        steps.step("ImportExampleGen", makes=["examples"], ends=lambda _: (_ for _ in ()).throw(ValueError("once")))
    steps.step("ImportExampleGen", makes=["examples"])

    with end() as store:
        assert states(store, "r1") == {"ImportExampleGen": "complete"}


def test_a_record_that_cannot_be_written_fails_no_step(tmp_path, caplog):
    (tmp_path / "file").touch()
    steps = Steps(tmp_path / "file", "r1", tmp_path / "pod")

    steps.step("ImportExampleGen", makes=["examples"])

    assert "This step will be missing in the metadata store" in caplog.text
    assert steps.made


def test_a_broken_record_is_an_error_that_names_it(run, records):
    from components.errors import ComponentFailed

    _, end = run("r1")
    (records / "r1").mkdir(parents=True)
    for text in ("{", "[]", '{"format": 2}', '{"format": 1, "node": "a"}'):
        (records / "r1" / "Trainer.json").write_text(text)
        with pytest.raises(ComponentFailed, match=r"The record of a step must be whole\. Received: .*Trainer\.json"):
            end()


def test_the_commands_answer_as_for_local_runs(run, pushed, tmp_path, capsys):
    steps, end = run("r2")
    steps.step("Trainer", ["examples"], ["model"], {"examples": pushed["examples"]}, custom_config='{"epochs": 3}')
    end().close()
    store = ["--store", str(tmp_path / "metadata.db")]

    def answer(*arguments):
        capsys.readouterr()
        assert main([*arguments, *store]) == 0
        return capsys.readouterr().out

    assert [row["id"] for row in json.loads(answer("runs", "--json"))] == ["r2", "r1"]
    assert "Trainer" in answer("show", "r1")
    lineage = answer("lineage", "/serving/tiny/7")
    assert "Trainer" in lineage
    assert "ImportExampleGen" in lineage
    compared = answer("compare", "r1", "r2")
    assert "epochs" in compared
    assert "slipway_started" not in compared
    assert "code" in answer("lineage", "/serving/tiny/7", "--json")


@pytest.mark.slow
def test_the_exit_handler_writes_the_run_and_fails_where_it_cannot(run, records, tmp_path, capsys):
    from kubeflow.step import exit_handler

    steps, _ = run("r1")
    tiny.first_run(steps)
    values = {"final_status": '{"state": "SUCCEEDED"}', "folder": str(tmp_path / "serving"), "run": "r1"}
    given = json.dumps({"inputs": {"parameterValues": values}})

    def call(where):
        nodes = json.dumps(NODES)
        options = [f"--records={records}", f"--metadata={where}", f"--nodes={nodes}"]
        return exit_handler.main([*options, "--executor_input", given])

    (tmp_path / "file").touch()
    assert call(tmp_path / "file" / "metadata.db") == 1
    assert "error: The run must be written into the metadata store. Received: " in capsys.readouterr().err
    assert call(tmp_path / "volume" / "metadata.db") == 0
    with Store.open(tmp_path / "volume" / "metadata.db") as store:
        assert store.run("r1").version == "7"
    assert exit_handler.write_lineage(values, Namespace(metadata="mysql://a:b@c/d", records=records, nodes={})) == 1
    assert ":b@" not in capsys.readouterr().err
