"""Steps of the optimizer by themselves, run eagerly; whole trainings are in `test_guard.py`."""

import keras
import numpy as np
import pytest

from components.trainer import group_optimizer
from components.trainer.guarded_optimizer import GuardedOptimizer, guarded
from components.trainer.optimizer_config import OptimizerConfig
from components.trainer.recipe_config import Rule, TrainedGroup


class Step:
    """Takes steps of size 1 on a weight."""

    def __init__(self, **options) -> None:
        self.weight = keras.Variable([0.0, 0.0], name="weight")
        self.optimizer = GuardedOptimizer(keras.optimizers.SGD(1.0), **options)
        self.optimizer.build([self.weight])

    def __call__(self, gradient: float = 1.0, *losses: float) -> "Step":
        for loss in losses or (1.0,):
            self.optimizer.scale_loss(keras.ops.convert_to_tensor(loss))
        self.optimizer.apply([keras.ops.convert_to_tensor([gradient, 1.0])], [self.weight])
        return self

    @property
    def state(self) -> tuple[float, int, list[int]]:
        """The weight, how many bad steps there were and which."""
        optimizer = self.optimizer
        skipped = int(optimizer.skipped.numpy())
        return float(self.weight.numpy()[1]), skipped, optimizer.bad_steps.numpy()[:skipped].tolist()


@pytest.mark.parametrize(
    "bad",
    [(np.nan,), (np.inf,), (1.0, np.nan), (1.0, -np.inf), (1.0, 1.0, np.nan, 1.0), (1e30,)],
    ids=["nan gradient", "infinite gradient", "nan loss", "infinite loss", "a micro-batch", "infinite square"],
)
def test_a_bad_step_is_left_out_and_no_other(bad):
    step = Step(skip=3)
    assert step()(*bad)().state == (-2.0, 1, [1])
    assert int(step.optimizer.iterations.numpy()) == 2


def test_after_too_many_no_step_is_taken_any_more():
    step = Step(skip=1)
    assert step(np.nan)()(np.nan)()()(np.nan).state == (-1.0, 2, [0, 2])
    assert Step()(np.nan)()().state == (0.0, 1, [0])


def test_gradients_that_overflow_halve_the_scale_and_are_no_error_until_it_is_1():
    step = Step(mixed_precision=True)
    for _ in range(15):
        step(np.inf)
    assert float(step.optimizer.dynamic_scale.numpy()) == 1
    assert step.state == (0.0, 0, [])
    assert step(np.inf).state == (0.0, 1, [15])


def test_a_loss_that_is_not_finite_is_an_error_in_mixed_precision_too():
    step = Step(mixed_precision=True)(np.inf)(np.nan, np.nan)
    assert step.state == (0.0, 1, [1])
    assert float(step.optimizer.dynamic_scale.numpy()) == 2.0**14


def test_the_optimizer_of_a_recipe_leaves_out_all_of_its_groups():
    slow, fast = (keras.Variable([0.0], name=name) for name in ("slow", "fast"))
    groups = [TrainedGroup(Rule(name, rate), 0, (name,)) for name, rate in (("slow", 1.0), ("fast", 4.0))]
    optimizer = GuardedOptimizer(group_optimizer.create(groups, OptimizerConfig("sgd", clip_norm=5.0)))
    optimizer.build([slow, fast])
    for gradient in ([3.0], [np.nan]):
        optimizer.apply([keras.ops.convert_to_tensor(gradient), keras.ops.convert_to_tensor([4.0])], [slow, fast])
    assert (float(slow.numpy()[0]), float(fast.numpy()[0])) == (-3.0, -16.0)
    assert int(optimizer.skipped.numpy()) == 1


def test_the_loss_is_scaled_in_mixed_precision_only():
    assert float(Step().optimizer.scale_loss(3.0)) == 3.0
    assert float(Step(mixed_precision=True).optimizer.scale_loss(3.0)) == 3.0 * 2**15


def test_it_is_made_again_from_its_configuration():
    made = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(GuardedOptimizer(keras.optimizers.SGD(0.5), 3, mixed_precision=True))
    )
    assert isinstance(made, GuardedOptimizer)
    assert (made.skip, made.initial_scale, made.inner_optimizer.learning_rate) == (3, 2.0**15, 0.5)


@pytest.mark.parametrize("bad", [False, True])
def test_a_step_that_is_left_out_leaves_nothing_behind(bad):
    entry = keras.Input((2,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dropout(0.5)(entry))
    model = keras.Model(entry, keras.layers.Dense(1)(hidden))
    optimizer = GuardedOptimizer(keras.optimizers.SGD(0.1), skip=1)
    model.compile(optimizer, "mse", metrics=["mae"])
    model._symbolic_build(data_batch=(np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)))
    optimizer.build(model.trainable_variables)
    variables = [*model.variables, *(variable for metric in model.metrics for variable in metric.variables)]
    before = [variable.numpy() for variable in variables]
    rows, labels = np.arange(8, dtype=np.float32).reshape(4, 2), np.ones((4, 1), np.float32)
    if bad:
        labels[1] = np.nan  # Dropout might take out a feature.
    results = guarded(model, model.train_step)((rows, labels))
    same = [np.array_equal(variable.numpy(), value) for variable, value in zip(variables, before, strict=True)]
    assert all(same) if bad else not any(same)
    assert bool(float(results["loss"])) is not bad


def test_with_another_optimizer_a_step_is_as_it_was():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert guarded(model, print) is print
