import logging
import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import UsageError
from components.trainer import group_optimizer, recipe
from components.trainer.optimizer_config import OptimizerConfig
from components.trainer.recipe_config import Rule, Stage, feature_extraction, gradual_unfreezing, two_stage


def stage(*rules: tuple) -> Stage:
    return Stage(tuple(Rule(*rule) for rule in rules))


def named(*paths: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(path=path) for path in paths]


def small_model() -> keras.Model:
    keras.utils.set_random_seed(1)
    entry = keras.Input((3,))
    hidden = keras.layers.Dense(4, kernel_regularizer="l2", name="stem")(entry)
    hidden = keras.layers.BatchNormalization(name="norm")(hidden)
    hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(4, activation="relu", name="body")(hidden))
    return keras.Model(entry, keras.layers.Dense(1, name="head")(hidden))


def train(model: keras.Model, stages: tuple[Stage, ...], index: int = 0) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Fits one stage and returns what each weight was and is."""
    optimizer = group_optimizer.create(recipe.apply(model, stages, index), OptimizerConfig("adamw", weight_decay=0.1))
    # Two steps take less time than tracing them.
    model.compile(optimizer, "mse", jit_compile=False, run_eagerly=True)
    draw = np.random.default_rng(0)
    before = [weight.numpy() for weight in model.weights]
    model.fit(draw.normal(2, 3, (16, 3)), draw.normal(size=(16, 1)), batch_size=8, verbose=0)
    return {weight.path: (old, weight.numpy()) for old, weight in zip(before, model.weights, strict=True)}


def moved(weights: dict[str, tuple[np.ndarray, np.ndarray]]) -> set[str]:
    """The weights of which a bit has changed."""
    return {path for path, (old, new) in weights.items() if old.tobytes() != new.tobytes()}


PATHS = st.lists(st.sampled_from([f"{a}/{b}/{c}" for a in "ab" for b in "xy" for c in "kl"]), min_size=1, unique=True)
PATTERNS = st.lists(
    st.sampled_from(["a/.*", "b/.*", ".*/x/.*", r".*/[kl]", "a/x/k", "b/y/l", ".", "a", ".*"]), min_size=1, unique=True
)


@given(paths=PATHS, patterns=PATTERNS, frozen=st.integers(0, 9))
def test_first_match_wins_and_nothing_is_left_out(paths, patterns, frozen):
    rules = [(pattern, None if number == frozen else 0.1) for number, pattern in enumerate(patterns)]
    if all(rate is None for _, rate in rules):
        return
    # The other way round: each pattern, from the last to the first, overwrites what was there.
    owner: dict[str, str] = {}
    for pattern in reversed(patterns):
        owner.update({path: pattern for path in paths if re.compile(f"^(?:{pattern})$").search(path)})
    uncovered = [path for path in paths if path not in owner]
    idle = [pattern for pattern in patterns if pattern != ".*" and pattern not in owner.values()]
    if uncovered or idle:
        with pytest.raises(UsageError) as refused:
            recipe.assign(named(*paths), stage(*rules))
        assert all(path in str(refused.value) for path in uncovered)
        return
    groups = recipe.assign(named(*paths), stage(*rules))
    assert [tuple(group.rule) for group in groups] == rules
    assert {path: group.rule.pattern for group in groups for path in group.paths} == owner
    assert all(list(group.paths) == [path for path in paths if path in group.paths] for group in groups)


def test_uncovered_variables_are_listed():
    with pytest.raises(UsageError) as refused:
        recipe.assign(small_model(), stage(("body/.*", 0.1), ("head/kernel", None)))
    assert "no rule for stem/kernel, stem/bias, norm/gamma, norm/beta, head/bias." in str(refused.value)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([("haed/.*", 0.1), (".*", None)], "'haed/.*' where there are body/kernel, head/kernel"),
        ([("head", 0.1), (".*", None)], "'head' where there are"),
        ([(".*", None), ("head/.*", 0.1)], "'head/.*' after rules that have taken head/kernel"),
    ],
)
def test_rule_that_decides_on_nothing_is_refused(rules, message):
    with pytest.raises(UsageError) as refused:
        recipe.assign(named("body/kernel", "head/kernel"), stage(*rules))
    assert message in str(refused.value)


def test_rule_for_the_rest_may_find_nothing_left():
    groups = recipe.assign(named("a", "b"), stage(("a|b", 0.1), (".*", None)))
    assert [group.paths for group in groups] == [("a", "b"), ()]


def test_bad_stage_is_refused_before_any_is_trained():
    good = stage((".*", 0.1))
    recipe.check(small_model(), (good, good))
    with pytest.raises(UsageError, match=r"must train something. Received: stage 2 of 2"):
        recipe.check(small_model(), (good, stage(("stem/.*|norm/.*|body/.*|head/.*", None), (".*", 0.1))))
    with pytest.raises(UsageError, match="no rule for stem/kernel"):
        recipe.check(small_model(), (good, stage(("head/.*", 0.1))))


@pytest.mark.parametrize("paths", [("a/k", "a/k"), ("a/b_k", "a_b/k")])
def test_paths_that_cannot_be_told_apart_are_refused(paths):
    with pytest.raises(UsageError, match=f"Received: {paths[0]}, {paths[1]}"):
        recipe.assign(named(*paths), stage((".*", 0.1)))


def test_each_match_is_logged(caplog):
    with caplog.at_level(logging.INFO, logger=recipe.__name__):
        recipe.apply(small_model(), two_stage("head", 0.1, 0.01, 1, 1), 0)
    frozen = [f"{layer}/{name}" for layer in ("stem", "body") for name in ("kernel", "bias")]
    assert {record.message for record in caplog.records} == {
        *(f"{path}: frozen, by '.*'" for path in [*frozen, "norm/gamma", "norm/beta"]),
        *(f"head/{name}: 0.1, by '(.*/)?head/.*'" for name in ("kernel", "bias")),
    }
    assert len(caplog.records) == 8


def test_age_is_counted_from_when_a_variable_was_last_unfrozen():
    stages = (
        stage(("a", 0.1), (".*", None)),
        stage(("a|b", 0.1), (".*", None)),
        stage(("a", None), (".*", 0.2)),
        stage((".*", 0.3)),
    )
    ages = [
        {
            path: group.since
            for group in recipe.trained_groups(named("a", "b", "c"), stages, index)
            for path in group.paths
        }
        for index in range(4)
    ]
    assert ages == [{"a": 0}, {"a": 0, "b": 1}, {"b": 1, "c": 2}, {"a": 3, "b": 1, "c": 2}]
    last = recipe.trained_groups(named("a", "b", "c"), stages, 3)
    assert [(tuple(group.rule), group.since, group.paths) for group in last] == [
        ((".*", 0.3), 1, ("b",)),
        ((".*", 0.3), 2, ("c",)),
        ((".*", 0.3), 3, ("a",)),
    ]


def test_frozen_weights_and_statistics_keep_every_bit():
    model = small_model()
    assert moved(train(model, feature_extraction("head", 0.01, epochs=1))) == {"head/kernel", "head/bias"}


def test_what_the_next_stage_unfreezes_moves():
    model = small_model()
    stages = gradual_unfreezing(["stem", "norm", "body"], "head", 0.01, epochs=1)
    head, body = {"head/kernel", "head/bias"}, {"body/kernel", "body/bias"}
    norm = {f"norm/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    stem = {"stem/kernel", "stem/bias"}
    expected = [head, head | body, head | body | norm, head | body | norm | stem]
    assert [moved(train(model, stages, index)) for index in range(4)] == expected


def test_variables_of_one_layer_may_differ():
    model = small_model()
    stages = (stage(("head/bias", 0.01), ("norm/gamma", 0.01), (".*", None)),)
    statistics = {"norm/moving_mean", "norm/moving_variance"}
    # A layer that is trained in part is not in inference mode.
    assert moved(train(model, stages)) == {"head/bias", "norm/gamma"} | statistics


def test_frozen_batch_normalization_is_in_inference_mode():
    model = small_model()
    norm, inputs = model.get_layer("norm"), np.random.default_rng(0).normal(5, 1, (8, 4))
    recipe.apply(model, two_stage("head", 0.1, 0.1, 1, 1), 0)
    np.testing.assert_array_equal(norm(inputs, training=True), norm(inputs, training=False))
    recipe.apply(model, two_stage("head", 0.1, 0.1, 1, 1), 1)
    assert np.abs(norm(inputs, training=True) - norm(inputs, training=False)).max() > 1


def test_batch_normalization_without_weights_goes_by_its_statistics():
    norm = keras.layers.BatchNormalization(center=False, scale=False, name="norm")
    model = keras.Sequential([keras.Input((3,)), norm, keras.layers.Dense(1, name="head")])
    recipe.apply(model, feature_extraction("head", 0.1, epochs=1), 0)
    assert not norm.trainable
    recipe.apply(model, (stage((".*", 0.1)),), 0)
    assert norm.trainable


def test_layer_in_two_models_and_flags_of_the_author():
    shared = keras.layers.Dense(2, name="shared")
    left = keras.Sequential([keras.Input((2,)), shared, keras.layers.Dense(2, name="left")], name="one")
    right = keras.Sequential([keras.Input((2,)), shared, keras.layers.Dense(2, name="right")], name="two")
    left.trainable = False
    entry = keras.Input((2,))
    model = keras.Model(entry, [left(entry), right(entry)])
    recipe.apply(model, (stage((".*left/.*", 0.1), (".*", None)),), 0)
    assert [weight.path.split("/")[-2] for weight in model.trainable_weights] == ["left", "left"]
    recipe.apply(model, (stage((".*shared/.*", 0.1), (".*", None)),), 0)
    assert [weight.path.split("/")[-2] for weight in model.trainable_weights] == ["shared", "shared"]


def test_subclassed_model():
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__(name="subclassed")
            self.blocks = [keras.layers.Dense(2, name=f"block_{number}") for number in range(2)]

        def call(self, inputs):
            return self.blocks[1](self.blocks[0](inputs))

    model = Subclassed()
    model(np.ones((1, 2)))
    groups = recipe.apply(model, (stage((".*block_1/.*", 0.1), (".*", None)),), 0)
    assert [weight.path for weight in model.trainable_weights] == list(groups[0].paths)
    assert [path.split("/")[-2:] for path in groups[0].paths] == [["block_1", "kernel"], ["block_1", "bias"]]
