import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.errors import UsageError
from components.trainer import bad_step
from components.trainer.bad_step import BadStep
from components.trainer.nonfinite import NonFinite
from tests.components.trainer.guard_cases import config


def micro_batch(first: int) -> tuple:
    words = tf.sparse.from_dense([[f"word {first}"], [""]])
    return {"x": tf.constant([[first + 0.5], [np.nan]]), "words": words}, tf.constant([first, 1])


def step(**changes) -> BadStep:
    values = {
        "step": 12,
        "epoch": 2,
        "step_in_epoch": 4,
        "examples": bad_step.digests([micro_batch(0), micro_batch(1)]),
        "found": NonFinite("feature x", "nan", (1, 3)),
        "loss_scale": 1.0,
        "stage": 0,
        "training": config(),
        "transform_output": "transform",
    }
    return BadStep(**{**values, **changes})


def test_it_is_read_as_it_was_written(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    element = micro_batch(0)
    batches = tf.data.Dataset.from_tensors(element).concatenate(tf.data.Dataset.from_tensors(micro_batch(1)))
    bad_step.save(tmp_path / "kept" / "step-12", step(), batches, model)
    read, again, values = bad_step.load(tmp_path / "kept" / "step-12")
    assert read == step()
    assert bad_step.digests(again) == step().examples
    np.testing.assert_array_equal(values[0], model.variables[0].numpy())
    assert json.loads((tmp_path / "kept" / "step-12" / "report.json").read_text())["batch"] == step().batch
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["step-12"]


def test_a_row_has_one_hash_wherever_it_is_and_another_row_another():
    first, both = bad_step.digests([micro_batch(0)]), bad_step.digests([micro_batch(0), micro_batch(1)])
    assert both[:2] == first
    assert both[1] == both[3]
    assert len({*both}) == 3


def test_the_line_names_value_step_examples_and_batch():
    examples = step().examples
    assert str(step()) == (
        "nan in feature x at step 12 (epoch 2, step 4), "
        f"example {examples[1]} (row 1), {examples[3]} (row 3) of batch {step().batch}"
    )
    of_no_row = step(found=NonFinite("the loss", "inf"))
    assert str(of_no_row) == f"inf in the loss at step 12 (epoch 2, step 4), batch {step().batch}"
    assert str(step(found=None)).startswith("a value that is finite when step 12 (epoch 2, step 4), batch ")


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(UsageError, match=f"must hold a step that a training has kept. Received: {tmp_path}"):
        bad_step.load(tmp_path)
