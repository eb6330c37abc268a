import subprocess
import sys
from dataclasses import dataclass

import pytest
import yaml

from components.errors import UsageError
from components.settings import coerce, from_dict, to_dict
from components.trainer.recipe_config import (
    Recipe,
    Rule,
    Stage,
    check_schedules,
    discriminative,
    feature_extraction,
    gradual_unfreezing,
    layer_wise_decay,
    scaled,
    two_stage,
)
from components.trainer.schedule_config import Cosine, Exponential, InverseSquareRoot, Piecewise, Polynomial, curve

HEAD = "(.*/)?head/.*"


@dataclass(frozen=True)
class Holder:
    """As the configuration of a training holds a recipe."""

    recipe: Recipe = ()


def rules(stage: Stage) -> list[tuple]:
    return [tuple(rule) for rule in stage.rules]


def test_feature_extraction_freezes_the_rest():
    (stage,) = feature_extraction("head", 0.1, epochs=3)
    assert (rules(stage), stage.epochs) == ([(HEAD, 0.1), (".*", None)], 3)


def test_second_stage_trains_everything():
    first, second = two_stage("head", 0.1, 0.001, epochs=1, tuned_epochs=4)
    assert rules(first) == [(HEAD, 0.1), (".*", None)]
    assert (rules(second), second.epochs) == ([(".*", 0.001)], 4)


@pytest.mark.parametrize(("blocks_per_stage", "trained"), [(1, [1, 2, 3, 4]), (2, [1, 3, 4]), (3, [1, 4]), (9, [1, 4])])
def test_unfreezing_goes_from_the_head_down(blocks_per_stage, trained):
    stages = gradual_unfreezing(["a", "b", "c"], "head", 0.1, epochs=2, blocks_per_stage=blocks_per_stage)
    names = [HEAD, "(.*/)?c/.*", "(.*/)?b/.*", "(.*/)?a/.*"]
    assert [rules(stage) for stage in stages] == [
        [*((name, 0.1) for name in names[:count]), (".*", None)] for count in trained
    ]


def test_rates_of_layers():
    (stage,) = discriminative([("head", 0.1), ("block", 0.01), ("stem", None)], epochs=1, rest=0.001)
    assert rules(stage) == [(HEAD, 0.1), ("(.*/)?block/.*", 0.01), ("(.*/)?stem/.*", None), (".*", 0.001)]


def test_layer_wise_decay_is_a_power_of_the_depth():
    (stage,) = layer_wise_decay(["block_0", "block_1", "block_2"], "head", 0.5, epochs=1)
    patterns = [HEAD, "(.*/)?block_2/.*", "(.*/)?block_1/.*", "(.*/)?block_0/.*", ".*"]
    assert rules(stage) == [(pattern, 0.5 * 0.95**depth) for depth, pattern in enumerate(patterns)]


@pytest.mark.parametrize(
    "schedule",
    [
        Cosine(learning_rate=0.1, warmup_steps=3, warmup_from=0.01, alpha=0.1),
        Exponential(learning_rate=0.1),
        Polynomial(learning_rate=0.1, end_learning_rate=0.01),
        Piecewise(boundaries=(4,), values=(0.1, 0.05)),
        InverseSquareRoot(learning_rate=0.1, warmup_steps=4),
        0.1,
    ],
)
def test_scaled_schedule_has_every_rate_scaled(schedule):
    # Half is exact in binary; the decay itself is not, so that sums differ in the last bit.
    assert curve(scaled(schedule, 0.5), 10) == pytest.approx([0.5 * rate for rate in curve(schedule, 10)], rel=1e-14)


def test_name_of_a_layer_is_no_regular_expression():
    assert feature_extraction("head.1", 0.1, epochs=1)[0].rules[0].pattern == r"(.*/)?head\.1/.*"


def test_yaml_makes_a_recipe_and_it_comes_back():
    text = """
    - {epochs: 2, rules: [[head/.*, 0.001], [.*, null]]}
    - rules: [[.*, {kind: cosine, learning_rate: 0.1, warmup_steps: 5}]]
    """
    recipe = coerce(Recipe, yaml.safe_load(text), where="training.recipe")
    assert recipe == (
        Stage((Rule("head/.*", 0.001), Rule(".*", None)), epochs=2),
        Stage((Rule(".*", Cosine(learning_rate=0.1, warmup_steps=5)),)),
    )
    values = to_dict(Holder(recipe))
    assert values["recipe"][0] == {"rules": [["head/.*", 0.001], [".*", None]], "epochs": 2}
    assert from_dict(Holder, values) == Holder(recipe)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ({"rules": [[".*", None]]}, "must train something"),
        ({"rules": []}, "must train something"),
        ({"rules": [[".*", 0.1]], "epochs": 0}, "epochs=0"),
        ({"rules": [["(", 0.1]]}, "regular expression"),
        ({"rules": [["a", 0.1], ["a", None]]}, "'a' twice"),
        ({"rules": [["a", -0.1]]}, "learning_rate=-0.1"),
        ({"rules": [["a", "fast"]]}, "valid number"),
        ({"rules": [["a", {"kind": "cosin"}]]}, "Did you mean 'cosine'"),
        ({"rules": [["a"]]}, "recipe.0.rules.0"),
        ({"rules": [["a", 0.1]], "epoch": 1}, "recipe.0.epoch"),
    ],
)
def test_bad_stages_are_refused(stage, message):
    with pytest.raises(UsageError) as refused:
        coerce(Recipe, [stage], where="recipe")
    assert message in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_unfreezing_no_block_is_refused():
    with pytest.raises(UsageError, match="blocks_per_stage=0"):
        gradual_unfreezing(["a"], "head", 0.1, epochs=1, blocks_per_stage=0)


def test_schedule_has_to_fit_in_its_stage():
    recipe = two_stage("head", 0.1, Cosine(learning_rate=0.1, warmup_steps=10), epochs=9, tuned_epochs=2)
    check_schedules(recipe, steps_per_epoch=6)
    with pytest.raises(UsageError, match="warmup_steps=10 of 10 training steps"):
        check_schedules(recipe, steps_per_epoch=5)


def test_recipe_needs_no_tensorflow():
    code = "import sys, components.trainer.recipe_config; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
