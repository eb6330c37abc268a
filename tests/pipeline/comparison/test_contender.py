import pytest

from components.errors import UsageError
from components.trainer.config import CallbacksConfig, ModelConfig, TrainingConfig
from components.trainer.optimizer_config import PARAMETERS, OptimizerConfig
from components.trainer.recipe_config import Rule, Stage
from pipeline.comparison.contender import RATES, Contender, check, contenders

TRAINING = TrainingConfig(
    ModelConfig("a.build"),
    label="y",
    loss="huber",
    optimizer=OptimizerConfig("rmsprop", learning_rate=0.5, rho=0.8, clip_norm=1.0, weight_decay=0.01),
    callbacks=CallbacksConfig(monitor="val_auc", mode="max"),
)


def test_there_is_a_rate_for_every_optimizer():
    assert RATES.keys() == PARAMETERS.keys()
    assert [one.name for one in contenders(None)] == list(RATES)


def test_names_and_rates_are_read():
    assert contenders("adam, sgd=1e-2,sgd") == (Contender("adam", 0.001), Contender("sgd", 0.01), Contender("sgd", 0.1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("adam,admaw", "Received: admaw. Did you mean 'adamw'?"),
        ("adam,", "Received: nothing."),
        ("adam=fast", "A learning rate must be a number. Received: adam=fast."),
        ("adam=-1", "`learning_rate` must be positive."),
        ("sgd=0.1,sgd", "An optimizer is compared once at a rate. Received: sgd."),
    ],
)
def test_a_wrong_list_is_refused(text, message):
    with pytest.raises(UsageError) as caught:
        contenders(text)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", RATES)
def test_trainings_differ_by_the_optimizer_only(name):
    training = Contender(name, 0.25).training(TRAINING, seed=7)
    assert training.optimizer == OptimizerConfig(name, learning_rate=0.25, clip_norm=1.0, weight_decay=0.01)
    assert (training.seed, training.callbacks.monitor) == (7, "val_auc")
    # All of them go through every epoch, at one rate.
    assert (training.callbacks.early_stopping_patience, training.callbacks.plateau_patience) == (None, None)


def test_a_recipe_has_rates_of_its_own():
    staged = TrainingConfig(TRAINING.model, "y", "huber", recipe=(Stage(epochs=1, rules=(Rule(".*", 0.1),)),))
    with pytest.raises(UsageError, match=r"Set training\.recipe=\[\]"):
        check(staged)
