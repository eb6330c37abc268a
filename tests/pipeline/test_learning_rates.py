import pytest

from components.errors import UsageError
from components.trainer.config import ModelConfig, OptimizerConfig, TrainingConfig
from components.trainer.recipe_config import Rule, Stage
from components.trainer.schedule_config import Cosine, Piecewise, curve
from pipeline.learning_rates import MOST_POINTS, learning_rates, needs_logarithm

RECIPE = (
    Stage((Rule("head/.*", 0.1), Rule(".*", None)), epochs=2),
    Stage((Rule("head/.*", Cosine(learning_rate=0.05)), Rule(".*", 1e-3)), epochs=3),
)


def training(**changes):
    return TrainingConfig(ModelConfig("model.build"), label="y", loss="huber", **changes)


def test_a_schedule_has_the_rates_of_its_curve():
    schedule = Cosine(learning_rate=0.1, warmup_steps=3)
    [only] = learning_rates(training(epochs=4, optimizer=OptimizerConfig(learning_rate=schedule)), 25)
    assert (only.rule, only.stage, only.first_step, only.steps) == (".*", 1, 0, 100)
    assert [step for step, _ in only.points] == list(range(100))
    assert list(only.rates) == curve(schedule, 100)


def test_a_recipe_has_a_curve_for_each_stage_and_each_rule_that_trains():
    curves = learning_rates(training(recipe=RECIPE), steps_per_epoch=10)
    assert [(c.stage, c.rule, c.first_step, c.steps) for c in curves] == [
        (1, "head/.*", 0, 20),
        (2, "head/.*", 20, 30),
        (2, ".*", 20, 30),
    ]
    assert curves[1].points[0] == (20, 0.05)  # A schedule counts from the start of its stage.
    assert list(curves[1].rates) == curve(RECIPE[1].rules[0].learning_rate, 30)
    assert set(curves[2].rates) == {1e-3}


def test_a_long_training_has_points_from_its_first_to_its_last_step():
    schedule = Piecewise(boundaries=(499_999,), values=(0.1, 0.01))
    [only] = learning_rates(training(epochs=1, optimizer=OptimizerConfig(learning_rate=schedule)), 1_000_000)
    assert len(only.points) == MOST_POINTS
    assert (only.points[0][0], only.points[-1][0]) == (0, 999_999)
    assert only.rates.count(0.1) == MOST_POINTS / 2


def test_a_training_of_a_step():
    [only] = learning_rates(training(epochs=1), steps_per_epoch=1)
    assert only.points == ((0, 1e-3),)


def test_a_schedule_that_does_not_fit_in_its_stage_is_refused():
    stage = Stage((Rule(".*", Cosine(learning_rate=0.1, warmup_steps=10)),), epochs=1)
    with pytest.raises(UsageError, match="warmup_steps=10 of 10"):
        learning_rates(training(recipe=(stage,)), steps_per_epoch=10)


def test_peaks_far_apart_need_a_logarithm():
    assert needs_logarithm(learning_rates(training(recipe=RECIPE), 10))
    assert not needs_logarithm(learning_rates(training(recipe=RECIPE[:1]), 10))
