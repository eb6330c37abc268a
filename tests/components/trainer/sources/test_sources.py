"""Every kind of source makes a split of the same form, which both loops train from."""

import keras
import numpy as np
import pytest

from components.trainer import fit, input_pipeline, stages
from components.trainer.config import ModelConfig, TrainingConfig
from components.trainer.input_config import InputConfig
from components.trainer.input_pipeline import InMemory, OnDisk, Split
from components.trainer.plan import Plan
from tests.components.trainer.sources import kinds
from tests.components.trainer.sources.kinds import KINDS, ROWS

CACHES = {
    "in memory": {"memory_mb": 8},
    "on disk": {"memory_mb": 0, "config": InputConfig(cache="disk")},
    "not kept": {"config": InputConfig(cache="none"), "shuffle_buffer": 20},
}


FAST = ("records", "images")


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """Opens a kind of source in a way; each of them once."""
    sources, splits = {}, {}

    def opened(kind: str, cache: str) -> Split:
        if kind not in sources:
            sources[kind] = KINDS[kind](tmp_path_factory.mktemp(kind))
        if (kind, cache) not in splits:
            splits[kind, cache] = input_pipeline.from_source(sources[kind], "label", **CACHES[cache])
        return splits[kind, cache]

    return opened


def seen(dataset, batches):
    """Returns the rows of the first batches, whose labels it checks."""
    rows = []
    for features, labels in dataset.take(batches).as_numpy_iterator():
        rows += kinds.numbers(features).astype(int).tolist()
        assert [kinds.label(row) for row in rows[-len(labels) :]] == labels.tolist()
    return rows


@pytest.mark.parametrize(
    "cache", ["not kept", *(pytest.param(one, marks=pytest.mark.slow) for one in list(CACHES)[:2])]
)
@pytest.mark.parametrize("kind", [pytest.param(kind, marks=() if kind in FAST else pytest.mark.slow) for kind in KINDS])
def test_a_pass_has_each_row_once_and_goes_on_at_any_step(split, kind, cache):
    opened = split(kind, cache)
    assert opened.rows == ROWS
    assert isinstance(opened, InMemory if cache == "in memory" or kind == "arrays" else OnDisk)
    # 12 rows divide the pass, so that also the pools of lists end with it.
    whole = seen(opened.training(12, seed=3), 6)
    first, second = whole[:ROWS], whole[ROWS:]
    assert sorted(first) == sorted(second) == list(range(ROWS))
    assert first != second
    assert seen(opened.training(12, seed=3, first_step=2), 4) == whole[24:]
    assert sorted(seen(opened.evaluation(5), 5)) == list(range(ROWS))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["fit", "custom"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_both_loops_train_from_it(split, kind, how):
    opened = split(kind, "not kept")
    feature = {"images": "image", "audio": "samples"}.get(kind, "number")
    shape = {"image": (4, 4, 3), "samples": (None,)}.get(feature, ())
    x = value = keras.Input(shape, name=feature)
    value = keras.ops.reshape(keras.ops.cast(value, "float32"), (-1, 48)) if kind == "images" else value
    value = keras.ops.mean(value, axis=1, keepdims=True) if kind in ("images", "audio") else value[:, None]
    model = keras.Model({feature: x}, keras.layers.Dense(1, activation="sigmoid")(value))
    config = TrainingConfig(ModelConfig(""), "label", "binary_crossentropy", ("AUC",), batch_size=12, loop=how)
    plan = Plan(epochs=1, steps_per_epoch=3, validation_steps=2, steps_per_execution=1)
    before = model.get_weights()[0].copy()
    fit.compile_model(model, config, plan)
    history = stages.LOOPS[how](model, opened, opened, config, plan, [])
    assert np.isfinite(history["val_loss"]).all()
    assert (model.get_weights()[0] != before).any()
