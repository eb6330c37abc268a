"""The search is KerasTuner's, each trial the Trainer's own training."""

import json

import keras_tuner
import pytest
from tfx.components.trainer.fn_args_utils import FnArgs

from components import progress
from components.errors import ComponentFailed
from components.settings import to_dict
from components.trainer import tuner_fn
from components.trainer.run_fn import run_fn
from components.trainer.search_config import Range, TuningConfig
from tests.components.trainer import tiny

SPACE = {
    "optimizer.learning_rate": Range(1e-4, 1e-1, sampling="log"),
    "batch_size": Range(8, 32, step=8),
    "model.params.units": (4, 8),
}


def drawn(tuning, count=6):
    """What an oracle proposes for its first trials."""
    oracle = tuner_fn.oracle(tiny.config(), tuning)
    return [oracle.populate_space(str(number))["values"] for number in range(count)]


@pytest.mark.parametrize("algorithm", ["random", "bayesian", "hyperband"])
def test_the_proposals_are_in_the_space_and_seeded(algorithm):
    tuning = TuningConfig(trials=20, space=SPACE, algorithm=algorithm)
    proposals = drawn(tuning)
    assert proposals == drawn(tuning)
    assert proposals != drawn(TuningConfig(trials=20, space=SPACE, algorithm=algorithm, seed=2))
    for values in proposals:
        assert 1e-4 <= values["optimizer.learning_rate"] <= 1e-1
        assert values["batch_size"] in (8, 16, 24, 32)
        assert type(values["batch_size"]) is int
        assert values["model.params.units"] in (4, 8)


def test_hyperband_ends_with_its_trials_and_begins_with_few_epochs():
    tuning = TuningConfig(trials=5, space=SPACE, algorithm="hyperband")
    oracle = tuner_fn.oracle(tiny.config(epochs=9), tuning)
    assert oracle.max_trials == 5
    assert oracle.populate_space("0")["values"]["tuner/epochs"] == 1


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ((1, 0.5), [1.0, 0.5]),
        ((True, False), [True, False]),
        (("adam", "sgd"), ["adam", "sgd"]),
        (([64, 32], [16]), ["[64, 32]", "[16]"]),
        ((None, 1.0), ["null", "1.0"]),
        ((None, "text"), ["null", "text"]),
    ],
)
def test_keras_tuner_gets_values_of_one_type(values, chosen):
    [parameter] = tuner_fn.space(tiny.config(), TuningConfig(space={"key": values})).space
    assert parameter.values == chosen


@pytest.fixture
def search(transformed, tmp_path, monkeypatch):
    """Searches as TFX's executor does; returns the search and its `trial` events."""
    events = tmp_path / "events.jsonl"
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(events))

    def run(training, tuning):
        given = FnArgs(
            custom_config={"training": to_dict(training), "tuning": to_dict(tuning)},
            transform_graph_path=str(transformed.graph),
            train_files=[transformed.patterns["train"]],
            eval_files=[transformed.patterns["eval"]],
            working_dir=str(tmp_path / "tuner"),
        )
        result = tuner_fn.tuner_fn(given)
        result.tuner.search(**result.fit_kwargs)
        told = [json.loads(line) for line in events.read_text().splitlines()]
        return result.tuner, [event for event in told if event["event"] == "trial"]

    return run


@pytest.mark.slow
def test_the_trainer_repeats_the_best_trial(search, trainer_arguments, tmp_path):
    training = tiny.config()
    tuner, trials = search(training, TuningConfig(trials=2, space={"optimizer.learning_rate": (0.0001, 0.05)}))
    ended = [trial for trial in trials if trial["state"] == "completed"]
    assert [(trial["trial"], trial["trials"]) for trial in ended] == [(1, 2), (2, 2)]
    best = min(ended, key=lambda trial: trial["value"])
    assert ended[-1]["best"] == best["value"]

    given = trainer_arguments(tmp_path / "node", training=training)
    given.hyperparameters = json.loads(json.dumps(tuner.get_best_hyperparameters()[0].get_config()))
    run_fn(given)
    folder = tmp_path / "node" / "model_run" / "1"
    used = json.loads((folder / "training.json").read_text())
    assert used["optimizer"]["learning_rate"] == best["hyperparameters"]["optimizer.learning_rate"]
    history = json.loads((folder / "history.json").read_text())
    # The same code, seed and values; threads may add numbers up in another order.
    assert min(history["history"]["val_loss"]) == pytest.approx(best["value"], rel=1e-4)


@pytest.mark.slow
def test_a_trial_that_fails_does_not_end_the_search(search):
    space = {"optimizer.learning_rate": (1e30, 0.01)}
    tuner, trials = search(tiny.config(), TuningConfig(trials=2, space=space))
    ended = {trial["state"]: trial for trial in trials if trial["state"] != "running"}
    assert ended["completed"]["hyperparameters"] == {"optimizer.learning_rate": 0.01}
    assert ended["failed"]["value"] is None
    assert "must be finite." in ended["failed"]["message"]
    assert tuner.get_best_hyperparameters()[0].get("optimizer.learning_rate") == 0.01


def test_a_search_without_any_result_fails(search, monkeypatch):
    def diverged(*_):
        raise ComponentFailed("The loss must be finite.")

    monkeypatch.setattr(tuner_fn, "train", diverged)
    with pytest.raises(ComponentFailed, match=r"2 that failed, the last with: The loss must be finite\."):
        search(tiny.config(), TuningConfig(trials=2, space=SPACE))


class Interrupted(Exception):
    pass


def test_an_interrupt_is_no_failed_trial(search, monkeypatch):
    def interrupted(*_):
        raise Interrupted

    monkeypatch.setattr(tuner_fn, "train", interrupted)
    with pytest.raises(keras_tuner.errors.FatalError) as caught:
        search(tiny.config(), TuningConfig(trials=2, space=SPACE))
    assert isinstance(caught.value.__cause__, Interrupted)
