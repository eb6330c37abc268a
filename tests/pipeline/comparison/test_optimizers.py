import dataclasses

import pytest

from components.errors import UsageError
from components.trainer.optimizer_config import PARAMETERS, OptimizerConfig
from components.trainer.recipe_config import feature_extraction
from pipeline.comparison.optimizers import RATES, contenders
from tests.pipeline.comparison.tiny import TINY


def names(text):
    return [one.name for one in contenders(TINY, text)]


def test_there_is_a_rate_for_every_optimizer():
    assert RATES.keys() == PARAMETERS.keys()
    assert [name.partition(" ")[0] for name in names(None)] == list(RATES)


def test_names_and_rates_are_read():
    assert names("adam, sgd=1e-2,sgd") == ["adam 0.001", "sgd 0.01", "sgd 0.1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adam,admaw", "Received: admaw. Did you mean 'adamw'?"),
        ("adam,", "Received: nothing."),
        ("adam=fast", "A learning rate must be a number. Received: adam=fast."),
        ("adam=-1", "`learning_rate` must be positive."),
        ("sgd=0.1,sgd", "An optimizer is compared once at a rate. Received: sgd 0.1."),
    ],
)
def test_a_wrong_list_is_refused(text, message):
    with pytest.raises(UsageError) as caught:
        contenders(TINY, text)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", RATES)
def test_trainings_differ_by_the_optimizer_only(name):
    [contender] = contenders(TINY, f"{name}=0.25")
    training = contender.training(TINY, seed=7)
    # It keeps the clipping and the weight decay of the task, but not what only its own optimizer has.
    assert training.optimizer == OptimizerConfig(name, learning_rate=0.25, clip_norm=1.0, weight_decay=0.01)
    assert (training.seed, training.model) == (7, TINY.training.model)


def test_a_recipe_has_rates_of_its_own():
    training = dataclasses.replace(TINY.training, recipe=feature_extraction("head", 0.1, epochs=1))
    with pytest.raises(UsageError, match=r"Set training\.recipe=\[\]"):
        contenders(dataclasses.replace(TINY, training=training), None)
