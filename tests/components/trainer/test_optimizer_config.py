import pytest

from components.errors import UsageError
from components.settings import from_dict
from components.trainer.optimizer_config import PARAMETERS, OptimizerConfig


def test_every_name_has_defaults():
    assert [OptimizerConfig(name=name).learning_rate for name in PARAMETERS] == [1e-3] * 7


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "adm"}, "Did you mean 'adam'?"),
        ({"name": "adam", "momentum": 0.9}, "`momentum` belongs to momentum, rmsprop."),
        ({"name": "sgd", "nesterov": True}, "`nesterov` belongs to momentum."),
        ({"name": "sgd", "epsilon": 0.0}, "`epsilon` belongs to adam, adamw, rmsprop, adagrad."),
        ({"name": "lion", "beta_2": 1.0}, "Received: beta_2=1.0"),
        ({"learning_rate": 0}, "Received: learning_rate=0"),
        ({"clip_norm": 0.0}, "`clip_norm` must be positive"),
        ({"clip_norm": 1.0, "clip_value": 1.0}, "Gradients are clipped in one way"),
        ({"weight_decay": -0.1}, "`weight_decay` must be at least 0"),
        ({"learning_rte": 0.1}, "Did you mean 'learning_rate'?"),
    ],
)
def test_bad_values_are_refused(values, message):
    with pytest.raises(UsageError) as refused:
        from_dict(OptimizerConfig, values)
    assert message in str(refused.value)
