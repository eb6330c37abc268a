"""Where workers are, and that two of them train what one process does."""

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from components import progress
from components.errors import UsageError
from components.trainer import cluster, strategy
from components.trainer.cluster import VARIABLE, Cluster
from components.trainer.config import ModelConfig
from components.trainer.run_fn import run_fn
from tests.components.trainer import tiny, two_workers
from tests.components.trainer.conftest import arguments

HOSTS = ["a:1", "b:1"]


def tf_config(addresses, kind, index) -> str:
    return json.dumps({"cluster": addresses, "task": {"type": kind, "index": index}, "environment": "cloud"})


@pytest.mark.parametrize(
    ("addresses", "kind", "index", "expected"),
    [
        ({"worker": HOSTS}, "worker", 0, Cluster(2, is_chief=True)),
        ({"worker": HOSTS}, "worker", 1, Cluster(2, is_chief=False)),
        ({"chief": ["c:1"], "worker": HOSTS}, "chief", 0, Cluster(3, is_chief=True)),
        ({"chief": ["c:1"], "worker": HOSTS}, "worker", 0, Cluster(3, is_chief=False)),
        ({"worker": HOSTS[:1]}, "worker", 0, Cluster(1, is_chief=True)),
    ],
)
def test_the_chief_is_the_chief_or_the_first_worker(monkeypatch, addresses, kind, index, expected):
    monkeypatch.setenv(VARIABLE, tf_config(addresses, kind, index))
    assert cluster.from_environment() == expected
    assert strategy.replicas("multi_worker") == expected.workers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "Received: TF_CONFIG is not set"),
        ("", "Received: TF_CONFIG is not set"),
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ('{"cluster": {"worker": ["a:1"]}}', "KeyError: 'task'"),
        ('{"cluster": {"worker": 3}, "task": {"type": "worker", "index": 0}}', "TypeError"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": "x"}}', "ValueError"),
        (tf_config({"worker": HOSTS}, "worker", 2), "Received: task worker 2 of 2"),
        (tf_config({"worker": HOSTS}, "worker", -1), "Received: task worker -1 of 2"),
        (tf_config({"worker": HOSTS}, "chief", 0), "Received: task chief 0 of 0"),
        (tf_config({"chief": HOSTS}, "chief", 0), "Received: 2 chiefs"),
        (tf_config({"worker": HOSTS}, "workr", 0), "Received: workr. Did you mean 'worker'?"),
        (tf_config({"worker": HOSTS, "ps": ["p:1"]}, "worker", 0), "Received: ps."),
        (tf_config({"worker": HOSTS}, "evaluator", 0), "Received: evaluator."),
    ],
)
def test_a_bad_tf_config_is_refused_in_one_line_before_data_are_read(tmp_path, monkeypatch, text, message):
    monkeypatch.delenv(VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(VARIABLE, text)
    given = arguments(Path("no-graph"), {"train": "none", "eval": "none"}, tmp_path, training=config())
    with pytest.raises(UsageError, match="TF_CONFIG") as raised:
        run_fn(given)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_workers_are_not_joined_in_a_process_in_which_tensorflow_has_run(monkeypatch):
    tf.constant(1) + 1
    monkeypatch.setenv(VARIABLE, tf_config({"worker": HOSTS}, "worker", 0))
    with pytest.raises(UsageError, match="before TensorFlow has run"):
        strategy.create("multi_worker")


def test_all_but_the_chief_write_to_a_folder_that_is_thrown_away(tmp_path, monkeypatch):
    given = arguments(Path("graph"), {"train": "t", "eval": "e"}, tmp_path / "node", training=config())
    state = tmp_path / "node" / ".unfinished" / "digest" / "state.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    monkeypatch.setenv(progress.EVENTS_VARIABLE, "events")
    for kind, index in (("chief", 0), ("worker", 0)):
        monkeypatch.setenv(VARIABLE, tf_config({"chief": ["c:1"], "worker": ["a:1"]}, kind, index))
        with cluster.outputs("mirrored", given) as own:
            assert own is given
        with cluster.outputs("multi_worker", given) as own:
            assert (own is given) == (kind == "chief")
    assert own.train_files == given.train_files
    assert not Path(own.model_run_dir).parent.exists()
    assert given.model_run_dir == str(tmp_path / "node" / "model_run" / "1")
    assert progress.EVENTS_VARIABLE not in os.environ
    with cluster.outputs("multi_worker", given) as own:
        assert Path(own.serving_model_dir).parent.is_dir()
        assert (Path(own.model_run_dir).parent.parent / ".unfinished" / "digest" / "state.json").read_text() == "{}"


def config(**changes):
    plain = {"model": ModelConfig("tests.components.trainer.tiny.build_model", {"plain": True})}
    return tiny.config(**{**plain, "strategy": "multi_worker", **changes})


FIT = config(epochs=3)
# 48 rows in 5 batches: workers get 5 and 4 of one, 5 and 5 of the next.
LOOP = config(loop="custom", accumulation=2, eval_batch_size=10)
STATISTICS = tiny.config(strategy="multi_worker", loop="custom", memory_mb=0)


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def interrupted(node, trainer_arguments):
    """How two workers ended that trained twice, and of which one was killed in the middle of a third training."""
    trainings = [
        vars(trainer_arguments(node / "loop", training=LOOP)),
        vars(trainer_arguments(node / "statistics", training=STATISTICS)),
        {**vars(trainer_arguments(node / "fit", training=FIT)), "killed_in": 1},
    ]
    return two_workers.run(node, trainings)


@pytest.fixture(scope="module")
def resumed(node, interrupted, trainer_arguments):
    """How two workers ended that were started again."""
    return two_workers.run(node, [vars(trainer_arguments(node / "fit", 2, training=FIT))])


def results(given: SimpleNamespace):
    history = json.loads((Path(given.model_run_dir) / "history.json").read_text())["history"]
    reader = tf.train.load_checkpoint(str(Path(given.serving_model_dir) / "variables" / "variables"))
    weights = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map() if "OBJECT" not in name}
    return history, {name: value for name, value in weights.items() if value.dtype == np.float32}


def output(node: Path, execution: int = 1) -> SimpleNamespace:
    return SimpleNamespace(
        model_run_dir=node / "model_run" / str(execution),
        serving_model_dir=node / "model" / str(execution) / "Format-Serving",
    )


def assert_same_as_one_process(given, training, trainer_arguments, folder):
    alone = trainer_arguments(folder, training=tiny.config(**{**vars(training), "strategy": "default"}))
    run_fn(alone)
    (history, weights), (expected_history, expected_weights) = results(given), results(alone)
    # Sums of float32 gradients in another order: 1e-7 a step, 30 steps through Adam, whose steps are 1e-3.
    assert len(weights) >= 6
    for name, value in expected_weights.items():
        np.testing.assert_allclose(weights[name], value, atol=2e-5, err_msg=name)
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(history[name], expected_history[name], rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(history["val_auc"], expected_history["val_auc"], atol=1e-3)
    assert expected_history["loss"][-1] < expected_history["loss"][0]


@pytest.mark.slow
def test_two_workers_learn_what_one_process_does_in_the_custom_loop(node, interrupted, trainer_arguments, tmp_path):
    assert_same_as_one_process(output(node / "loop"), LOOP, trainer_arguments, tmp_path)


@pytest.mark.slow
def test_a_model_with_batch_statistics_is_trained_and_exported(node, interrupted):
    history, weights = results(output(node / "statistics"))
    assert history["loss"][-1] < history["loss"][0]
    assert all(np.isfinite(value).all() for value in weights.values())


@pytest.mark.slow
def test_when_a_worker_is_killed_the_others_end_too(node, interrupted):
    chief, killed = interrupted
    assert killed.returncode == -signal.SIGKILL
    assert chief.returncode == 1
    assert "ComponentFailed: All workers must stay until the model is trained. Received: " in chief.stderr
    assert not output(node / "fit").serving_model_dir.exists()


@pytest.mark.slow
def test_workers_that_are_started_again_go_on_and_end_as_one_process_does(node, resumed, trainer_arguments, tmp_path):
    assert [worker.returncode for worker in resumed] == [0, 0], resumed[0].stderr[-3000:]
    assert_same_as_one_process(output(node / "fit", 2), FIT, trainer_arguments, tmp_path)
    assert not (node / "fit" / ".unfinished").exists()


@pytest.mark.slow
def test_only_the_chief_writes(node, resumed):
    for name, execution in (("loop", 1), ("statistics", 1), ("fit", 2)):
        written = {path.name for path in output(node / name, execution).model_run_dir.iterdir()}
        assert written == {"best.weights.h5", "history.json", "history.png", "training.json"}
