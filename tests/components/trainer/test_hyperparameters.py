"""What a Tuner found is put into a training as `--set` would."""

import pytest

from components.errors import UsageError
from components.trainer.config import ModelConfig, TrainingConfig
from components.trainer.hyperparameters import applied, found

TRAINING = TrainingConfig(ModelConfig("a.build", {"units": [8, 4], "size": 4}), label="y", loss="huber")


def test_nothing_was_found_without_a_tuner():
    assert found(None) == {}
    assert applied(TRAINING, {}) is TRAINING


def test_each_value_reaches_its_place():
    values = {"batch_size": 32, "model.params.units": "[16]", "optimizer.clip_norm": "null", "optimizer.name": "lion"}
    training = applied(TRAINING, values)
    assert training.batch_size == 32
    assert training.model.params == {"units": [16], "size": 4}
    assert (training.optimizer.clip_norm, training.optimizer.name) == (None, "lion")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"batchsize": 32}, "Received: batchsize. Did you mean 'batch_size'?"),
        ({"batch_size": 32.5}, "`batch_size` must be a valid integer"),
        ({"model.params.units": "[a]"}, "must be a valid integer"),
    ],
)
def test_what_does_not_fit_is_refused(values, message):
    with pytest.raises(UsageError) as caught:
        applied(TRAINING, values)
    assert str(caught.value).startswith("A hyper-parameter must fit the training: ")
    assert message in str(caught.value)
