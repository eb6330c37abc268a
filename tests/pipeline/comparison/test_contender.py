import json

import pytest

from components.errors import UsageError
from components.settings import from_dict, to_dict
from components.trainer.recipe_config import feature_extraction
from pipeline.comparison.contender import Contender
from pipeline.config import TaskConfig
from tests.pipeline.comparison.tiny import TINY


def test_it_changes_what_it_says_and_no_training_stops_early():
    training = Contender("half", TINY.variants["half"]).training(TINY, seed=7)
    assert (training.model.params, training.batch_size, training.seed) == ({"inputs": "image"}, 8, 7)
    assert (training.loss, training.optimizer, training.callbacks.monitor) == (
        "mse",
        TINY.training.optimizer,
        "val_auc",
    )
    callbacks = training.callbacks
    assert (callbacks.early_stopping_patience, callbacks.plateau_patience) == (None, None)
    assert (callbacks.tensorboard, callbacks.checkpoint) == (False, False)


def test_a_contender_that_changes_nothing_trains_like_the_task():
    assert Contender("plain").training(TINY, seed=5).model == TINY.training.model


def test_epochs_are_those_of_each_stage():
    assert Contender("plain").training(TINY, 1, epochs=2).stage_epochs == (2,)
    recipe = (*feature_extraction("head", 0.1, epochs=3), *feature_extraction("body", 0.1, epochs=4))
    staged = Contender("two", {"training.recipe": recipe})
    assert staged.training(TINY, 1).stage_epochs == (3, 4)
    assert staged.training(TINY, 1, epochs=2).stage_epochs == (2, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data.params.rows": 3}, "Contenders differ in their training only. Received: it: data.params.rows=3."),
        ({"training.batch": 3}, "Did you mean 'batch_size'?"),
        ({"training.batch_size": "many"}, "`training.batch_size` must be a valid integer"),
        ({"training.model.params.input": "image"}, "Did you mean 'inputs'?"),
    ],
)
def test_a_change_of_nothing_or_of_something_else_is_refused(changes, message):
    with pytest.raises(UsageError) as caught:
        Contender("it", changes).training(TINY, seed=1)
    assert message in str(caught.value)


def test_variants_go_through_json():
    """As the request of a run takes them to its worker."""
    read = from_dict(TaskConfig, json.loads(json.dumps(to_dict(TINY))))
    for name, changes in read.variants.items():
        given = Contender(name, TINY.variants[name]).training(TINY, seed=1)
        assert Contender(name, changes).training(read, seed=1) == given
