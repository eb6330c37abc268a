import keras
import numpy as np
import pytest

from components.errors import UsageError
from components.trainer import schedules
from components.trainer.schedule_config import (
    Cosine,
    CosineRestarts,
    Exponential,
    InverseSquareRoot,
    Piecewise,
    Polynomial,
    curve,
)

STEPS = 60
CONFIGS = [
    Exponential(learning_rate=0.3, decay_rate=0.5, decay_steps=20),
    Exponential(learning_rate=0.3, decay_rate=0.5, decay_steps=20, staircase=True, warmup_steps=7),
    Polynomial(learning_rate=0.3, end_learning_rate=0.01, power=2.0, warmup_steps=5),
    Polynomial(learning_rate=0.3, decay_steps=11, cycle=True),
    Cosine(learning_rate=0.3, alpha=0.1),
    Cosine(learning_rate=0.3, warmup_steps=9, warmup_from=0.05, decay_steps=30),
    CosineRestarts(learning_rate=0.3, decay_steps=7, t_mul=2.0, m_mul=0.8, alpha=0.1, warmup_steps=4),
    CosineRestarts(learning_rate=0.3, decay_steps=7, t_mul=1.0, m_mul=0.5),
    Piecewise(boundaries=(10, 20), values=(0.3, 0.2, 0.1)),
    InverseSquareRoot(learning_rate=0.3, warmup_steps=12),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
def test_keras_schedule_is_the_drawn_curve_and_survives_serialization(config):
    schedule = schedules.create(config, STEPS)
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    drawn = curve(config, STEPS)
    # Restarts are found with a float32 logarithm, which costs a few units of the last place more than the others.
    np.testing.assert_allclose([float(schedule(step)) for step in range(STEPS)], drawn, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose([float(copy(step)) for step in range(0, STEPS, 7)], drawn[::7], rtol=2e-5, atol=2e-6)


def test_warmed_up_cosine_is_keras_own():
    ours = schedules.create(Cosine(learning_rate=0.3, warmup_steps=10, decay_steps=40))
    keras_own = keras.optimizers.schedules.CosineDecay(0.0, 40, warmup_target=0.3, warmup_steps=10)
    steps = range(60)
    np.testing.assert_allclose([float(ours(s)) for s in steps], [float(keras_own(s)) for s in steps], atol=1e-7)


def test_constant_stays_a_number_and_a_schedule_without_steps_is_refused():
    assert schedules.create(0.25) == 0.25
    with pytest.raises(UsageError, match="how many steps"):
        schedules.create(Cosine(learning_rate=0.1))


def test_schedule_drives_an_optimizer():
    weight = keras.Variable(1.0)
    schedule = schedules.create(InverseSquareRoot(learning_rate=0.4, warmup_steps=2), total_steps=3)
    optimizer = keras.optimizers.SGD(schedule)
    for _ in range(3):
        optimizer.apply([keras.ops.ones(())], [weight])
    moved = sum(curve(InverseSquareRoot(learning_rate=0.4, warmup_steps=2), 3))
    assert float(weight) == pytest.approx(1 - moved, abs=1e-6)
