"""A search space is data, and whatever is wrong with it is said before anything is launched."""

import pytest

from components.errors import UsageError
from components.settings import from_dict, to_dict
from components.trainer.config import ModelConfig, TrainingConfig
from components.trainer.recipe_config import Rule, Stage
from components.trainer.search_config import Range, TuningConfig, is_whole, points

TRAINING = TrainingConfig(ModelConfig("a.build", {"units": [8, 4], "rate": 0.1, "size": 4}), label="y", loss="huber")


def check(space, training=TRAINING, **changes):
    from_dict(TuningConfig, {"trials": 4, "space": space, **changes}).check(training)


@pytest.mark.parametrize(
    "space",
    [
        {"optimizer.learning_rate": {"low": 1e-4, "high": 1e-2, "sampling": "log"}},
        {"optimizer.learning_rate": {"low": "1e-4", "high": "1e-2", "sampling": "log"}},
        {"batch_size": {"low": 16, "high": 64, "step": 16}},
        {"model.params.units": [[8, 4], [16]], "optimizer.clip_norm": [None, 1.0], "optimizer.name": ["adam", "sgd"]},
        {"mixed_precision": [True, False], "l2": {"low": 0, "high": 0.5}},
    ],
)
def test_a_space_goes_through_json(space):
    check(space)
    tuning = from_dict(TuningConfig, {"trials": 4, "space": space})
    assert from_dict(TuningConfig, to_dict(tuning)) == tuning


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"optimzer.learning_rate": [0.1]}, "Received: optimzer.learning_rate. Did you mean 'optimizer'?"),
        ({"optimizer.learning_rat": [0.1]}, "Did you mean 'learning_rate'?"),
        ({"model.params.sise": [1]}, "Did you mean 'size'?"),
        ({"optimizer.name": ["adam", "admaw"]}, "Did you mean 'adamw'?"),
        ({"batch_size": [8, 8.5]}, "`batch_size` must be a valid integer"),
        ({"batch_size": {"low": 8.5, "high": 16}}, "`batch_size` must be a valid integer"),
        ({"batch_size": {"low": 8, "high": 16, "step": 0.5}}, "The step of whole numbers must be whole."),
        ({"optimizer.learning_rate": [0.1, -0.1]}, "`learning_rate` must be positive"),
        ({"optimizer.momentum": [0.9]}, "`momentum` belongs to momentum, rmsprop"),
        ({"optimizer.learning_rate": {"low": 0.1, "high": 0.01}}, "from a lower to a higher number"),
        ({"l2": {"low": 0, "high": float("inf")}}, "from a lower to a higher number"),
        ({"l2": {"low": 0, "high": 1, "sampling": "log"}}, "both above 0 where it is logarithmic"),
        ({"l2": {"low": 0, "high": 1, "step": 2}}, "A step must be positive and fit into its range"),
        ({"l2": {"low": 0, "high": 1, "sampling": "logarithmic"}}, "must be 'linear' or 'log'"),
        ({"l2": {"low": 0}}, "Received: no space.l2.range.high."),
        ({"batch_size": 8}, "must have a range or a list of values"),
        ({"batch_size": []}, "must differ, and there must be one"),
        ({"batch_size": [8, 8]}, "must differ, and there must be one"),
        ({"callbacks.monitor": ["val_loss"]}, "All trials must be judged alike."),
        ({}, "A search must have a space."),
    ],
)
def test_a_wrong_space_is_refused_in_one_line(space, message):
    with pytest.raises(UsageError) as caught:
        check(space)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_trials_nothing_is_searched_and_nothing_checked():
    check({"nosuch": [1]}, trials=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trials": -1}, "`tuning.trials` must be at least 0"),
        # KerasTuner takes 0 for no seed.
        ({"seed": 0}, "`tuning.seed` must be at least 1"),
        ({"algorithm": "hyperbnd"}, "must be 'random', 'bayesian' or 'hyperband'"),
    ],
)
def test_a_wrong_search_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        check({"batch_size": [8]}, **changes)


def test_hyperband_and_somebody_else_cannot_both_decide_on_the_epochs():
    with pytest.raises(UsageError, match="Hyperband decides on the epochs"):
        check({"epochs": [1, 2]}, algorithm="hyperband")
    staged = TrainingConfig(TRAINING.model, "y", "huber", recipe=(Stage(epochs=1, rules=(Rule(".*", 0.1),)),))
    with pytest.raises(UsageError, match="a recipe"):
        check({"batch_size": [8]}, staged, algorithm="hyperband")


def test_the_ends_of_ranges_and_all_choices_are_tried_one_at_a_time():
    found = list(points(TRAINING, {"batch_size": Range(8, 32), "optimizer.name": ("sgd", "lion")}))
    assert [(one.batch_size, one.optimizer.name) for one in found] == [
        (8, "adam"),
        (32, "adam"),
        (64, "sgd"),
        (64, "lion"),
    ]


@pytest.mark.parametrize(
    ("key", "whole"),
    [
        ("batch_size", True),
        ("steps_per_epoch", True),
        ("model.params.size", True),
        ("l2", False),
        ("model.params.rate", False),
        ("optimizer.learning_rate", False),
    ],
)
def test_the_configuration_says_which_numbers_are_whole(key, whole):
    assert is_whole(TRAINING, key) is whole
