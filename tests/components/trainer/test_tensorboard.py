"""What TensorBoard itself finds in the files of a training."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from components.errors import UsageError
from components.trainer import callbacks
from components.trainer.config import CallbacksConfig
from components.trainer.validate import validate
from tests.components.trainer import loop_cases, tiny


def events(folder) -> EventAccumulator:
    found = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    found.Reload()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("loop", ["fit", "custom"])
def test_both_loops_write_scalars_and_every_second_epoch_histograms(loop, tmp_path):
    config = loop_cases.config(loop=loop, epochs=3)
    watching = callbacks.create(CallbacksConfig(histograms=2), tmp_path)
    loop_cases.train(config, callbacks=tuple(watching))

    train, validation = events(tmp_path / "train"), events(tmp_path / "validation")
    assert [event.step for event in validation.Tensors("epoch_loss")] == [0, 1, 2]
    scalars = {"epoch_loss", "epoch_mean_squared_error", "epoch_learning_rate", "epoch_input_wait"}
    assert scalars <= set(train.Tags()["tensors"])
    histograms = [tag for tag in train.Tags()["tensors"] if tag.endswith("/histogram")]
    assert {tag.split("/")[0] for tag in histograms} == {"embedding", "dense", "layer_normalization", "dense_1"}
    assert {tuple(event.step for event in train.Tensors(tag)) for tag in histograms} == {(0, 2)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"histograms": 0}, r"`training.callbacks.histograms` must be at least 1. Received: histograms=0."),
        ({"histograms": 1, "tensorboard": False}, r"Histograms are written for TensorBoard."),
    ],
)
def test_histograms_that_cannot_be_written_are_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        validate(tiny.config(callbacks=CallbacksConfig(**changes)))
