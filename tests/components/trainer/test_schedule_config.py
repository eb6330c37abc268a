import subprocess
import sys

import numpy as np
import pytest

from components.errors import UsageError
from components.settings import from_dict, to_dict
from components.trainer.optimizer_config import OptimizerConfig
from components.trainer.schedule_config import (
    Cosine,
    CosineRestarts,
    Exponential,
    InverseSquareRoot,
    Piecewise,
    Polynomial,
    curve,
)


def test_cosine_warms_up_to_its_peak_and_ends_at_alpha():
    rates = np.array(curve(Cosine(learning_rate=0.5, warmup_steps=10, warmup_from=0.1, alpha=0.2), steps=110))
    assert rates[0] == pytest.approx(0.1)
    assert rates.argmax() == 10
    assert rates[10] == pytest.approx(0.5)
    assert rates[-1] == pytest.approx(0.1, rel=1e-2)
    assert (np.diff(rates[:11]) > 0).all()
    assert (np.diff(rates[10:]) < 0).all()


def test_restarts_lengthen_and_fall():
    rates = np.array(curve(CosineRestarts(learning_rate=1.0, decay_steps=10, t_mul=2.0, m_mul=0.5), steps=70))
    assert [int(step) for step in np.where(np.diff(rates) > 0)[0] + 1] == [10, 30]
    assert rates[[0, 10, 30]].tolist() == [1.0, 0.5, 0.25]


def test_inverse_square_root_is_the_formula_of_the_paper():
    width, warmup = 512, 40
    rates = curve(InverseSquareRoot(learning_rate=(width * warmup) ** -0.5, warmup_steps=warmup), steps=200)
    number = np.arange(1, 201)
    np.testing.assert_allclose(rates, width**-0.5 * np.minimum(number**-0.5, number * warmup**-1.5), rtol=1e-12)


def test_piecewise_holds_a_value_up_to_and_with_its_boundary():
    assert curve(Piecewise(boundaries=(1, 3), values=(3.0, 2.0, 1.0)), steps=6) == [3, 3, 2, 2, 1, 1]


def test_staircase_and_cycle():
    steps = curve(Exponential(learning_rate=1.0, decay_steps=2, decay_rate=0.5, staircase=True), steps=5)
    assert steps == [1, 1, 0.5, 0.5, 0.25]
    saw = curve(Polynomial(learning_rate=1.0, decay_steps=4, cycle=True), steps=10)
    assert saw[4] == 0
    assert saw[5] == pytest.approx(3 / 8)


def test_single_steps_of_many_equal_cycles():
    schedule = CosineRestarts(learning_rate=1.0, decay_steps=10, t_mul=1.0)
    assert curve(schedule, steps=10**9, at=[0, 5, 10, 10**9 - 10]) == pytest.approx([1.0, 0.5, 1.0, 1.0])


def test_decay_fills_what_the_warmup_leaves():
    assert Cosine(learning_rate=0.1, warmup_steps=30).resolved(100).decay_steps == 70
    assert Cosine(learning_rate=0.1, decay_steps=5).resolved(None).decay_steps == 5
    assert curve(0.3, steps=2) == [0.3, 0.3]


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: Cosine(learning_rate=0.0), "learning_rate=0.0"),
        (lambda: Cosine(learning_rate=float("nan")), "learning_rate=nan"),
        (lambda: Cosine(learning_rate=1.0, decay_steps=0), "decay_steps=0"),
        (lambda: Cosine(learning_rate=1.0, warmup_steps=-1), "warmup_steps=-1"),
        (lambda: Cosine(learning_rate=1.0).resolved(None), "decay_steps=None"),
        (lambda: Cosine(learning_rate=1.0, warmup_steps=10).resolved(10), "warmup_steps=10 of 10"),
        (lambda: CosineRestarts(learning_rate=1.0), "decay_steps=None"),
        (lambda: CosineRestarts(learning_rate=1.0, decay_steps=5, t_mul=0.5), "t_mul=0.5"),
        (lambda: Exponential(learning_rate=1.0, decay_rate=-1), "decay_rate=-1"),
        (lambda: Polynomial(learning_rate=1.0, end_learning_rate=-0.1), "end_learning_rate=-0.1"),
        (lambda: Piecewise(boundaries=(5, 5), values=(1.0, 2.0, 3.0)), "boundaries=(5, 5)"),
        (lambda: Piecewise(boundaries=(5,), values=(1.0,)), "boundaries=(5,), values=(1.0,)"),
        (lambda: Piecewise(boundaries=(5,), values=(1.0, -1.0)), "values=-1.0"),
        (lambda: InverseSquareRoot(learning_rate=1.0, warmup_steps=0), "warmup_steps=0"),
        (lambda: curve(0.1, steps=0), "steps=0"),
        (lambda: curve(-0.1, steps=1), "learning_rate=-0.1"),
        (lambda: curve(Exponential(learning_rate=1.0, decay_rate=10.0, decay_steps=1), steps=400), "Exponential("),
    ],
)
def test_bad_values_are_refused(make, part):
    with pytest.raises(UsageError) as refused:
        make()
    assert f"Received: {part}" in str(refused.value)


@pytest.mark.parametrize(
    "schedule",
    [
        {"kind": "exponential", "learning_rate": 0.1, "decay_rate": 0.5},
        {"kind": "polynomial", "learning_rate": 0.1, "power": 2.0},
        {"kind": "cosine", "learning_rate": 0.1, "warmup_steps": 3},
        {"kind": "cosine_restarts", "learning_rate": 0.1, "decay_steps": 4},
        {"kind": "piecewise", "boundaries": [2], "values": [0.1, 0.01]},
        {"kind": "inverse_square_root", "learning_rate": 0.1, "warmup_steps": 4},
        0.1,
    ],
)
def test_json_values_make_a_schedule_and_come_back(schedule):
    config = from_dict(OptimizerConfig, {"learning_rate": schedule})
    values = to_dict(config)
    assert from_dict(OptimizerConfig, values) == config
    if isinstance(schedule, dict):
        assert schedule.items() <= values["learning_rate"].items()


@pytest.mark.parametrize(
    ("learning_rate", "message"),
    [
        ({"kind": "cosin", "learning_rate": 0.1}, "Did you mean 'cosine'?"),
        ({"learning_rate": 0.1}, "Received: kind=None"),
        ({"kind": "cosine", "learning_rate": "fast"}, "valid number"),
        ({"kind": "cosine"}, "learning_rate"),
        ({"kind": "cosine", "learning_rate": 0.1, "warmup": 3}, "warmup"),
        ("fast", "valid number"),
        (-1.0, "learning_rate=-1.0"),
    ],
)
def test_bad_json_values_are_refused(learning_rate, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        from_dict(OptimizerConfig, {"learning_rate": learning_rate})


def test_configuration_needs_no_tensorflow():
    modules = "components.trainer.optimizer_config, components.trainer.class_weights"
    code = f"import sys, {modules}; sys.exit(bool({{'tensorflow', 'keras'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_schedules_need_no_numpy():
    """Every command that loads a task would wait for it."""
    code = "import sys, components.trainer.config; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
