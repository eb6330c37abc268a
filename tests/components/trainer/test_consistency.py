"""What is found without TensorFlow; `test_validate` has each rule, as `validate` checks them too."""

import subprocess
import sys

import pytest

from components.errors import UsageError
from components.trainer import consistency
from components.trainer.config import ModelConfig, TrainingConfig


@pytest.mark.parametrize(
    "name",
    ["epochs", "batch_size", "eval_batch_size", "steps_per_epoch", "steps_per_execution", "accumulation"],
)
@pytest.mark.parametrize("value", [0, -1])
def test_numbers_that_make_no_training_are_refused(name, value):
    with pytest.raises(UsageError, match=f"`training.{name}` must be at least 1. Received: {name}={value}"):
        consistency.check(TrainingConfig(ModelConfig("model.build"), label="y", **{name: value}))


def test_it_brings_no_tensorflow_along():
    code = "import sys; from components.trainer import consistency; print({'tensorflow', 'keras'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
