import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.trainer.config import ModelConfig, TrainingConfig
from components.trainer.plan import Plan


def config(**changes) -> TrainingConfig:
    return TrainingConfig(ModelConfig("model.build"), label="y", loss="huber", **changes)


@pytest.mark.parametrize(
    ("rows", "batch_size", "at_once", "expected"),
    [
        (1000, 40, 16, (25, 5)),
        (10_051, 40, 16, (252, 14)),  # A pass is 251 steps, a prime number.
        (10_051, 40, 1, (251, 1)),
        (700, 40, 16, (18, 9)),  # 17.5 steps; too short a pass for another step.
        (30, 64, 16, (1, 1)),  # A batch larger than the split.
    ],
)
def test_an_epoch_is_a_pass_in_executions_of_equal_length(rows, batch_size, at_once, expected):
    plan = Plan.of(config(batch_size=batch_size, steps_per_execution=at_once), rows, validation_rows=1000)
    assert (plan.steps_per_epoch, plan.steps_per_execution) == expected


def test_steps_that_were_asked_for_are_not_changed():
    plan = Plan.of(config(steps_per_epoch=251, epochs=3), rows=99, validation_rows=1000)
    assert (plan.steps_per_epoch, plan.steps_per_execution, plan.total_steps) == (251, 1, 753)


@given(
    rows=st.integers(1, 10**6),
    validation_rows=st.integers(1, 10**5),
    batch_size=st.integers(1, 2000),
    at_once=st.integers(1, 32),
    replicas=st.integers(1, 8),
)
def test_any_plan_can_be_executed(rows, validation_rows, batch_size, at_once, replicas):
    wanted = config(batch_size=batch_size, eval_batch_size=batch_size, steps_per_execution=at_once)
    plan = Plan.of(wanted, rows, validation_rows, replicas)
    assert 1 <= plan.steps_per_execution <= (at_once if replicas == 1 else 1)
    assert plan.steps_per_epoch % plan.steps_per_execution == 0
    assert plan.validation_steps % plan.steps_per_execution == 0
    assert plan.steps_per_epoch == pytest.approx(rows / batch_size, abs=0.5 + rows / batch_size / 100 + 0.5)
    smallest_batch = validation_rows // plan.validation_steps
    assert smallest_batch >= min(replicas, validation_rows)
    if validation_rows >= replicas * math.ceil(validation_rows / batch_size):
        assert math.ceil(validation_rows / plan.validation_steps) <= batch_size


def test_replicas_take_several_steps_at_once_in_the_custom_loop_only():
    plans = [Plan.of(config(loop=loop, steps_per_execution=16), 640, 640, replicas=2) for loop in ("fit", "custom")]
    assert [plan.steps_per_execution for plan in plans] == [1, 10]
