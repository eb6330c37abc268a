import json

import keras

from components import progress
from components.trainer import callbacks
from components.trainer.callbacks import LearningRate, Progress
from components.trainer.checkpoint import Checkpoint
from components.trainer.config import CallbacksConfig


def kinds(created) -> list[str]:
    return [type(callback).__name__ for callback in created]


def test_all_of_them_with_the_checkpoint_last(tmp_path):
    checkpoint = Checkpoint(tmp_path / "state", "val_auc", "max")
    config = CallbacksConfig(
        monitor="val_auc", mode="max", early_stopping_patience=4, plateau_patience=1, plateau_factor=0.3
    )
    created = callbacks.create(config, tmp_path, checkpoint)
    assert kinds(created) == [
        "LearningRate",
        "ReduceLROnPlateau",
        "EarlyStopping",
        "TensorBoard",
        "History",
        "Progress",
        "Checkpoint",
    ]
    _, plateau, stopping, *_ = created
    assert (plateau.monitor, plateau.mode, plateau.patience, plateau.factor) == ("val_auc", "max", 1, 0.3)
    assert (stopping.monitor, stopping.mode, stopping.patience, stopping.restore_best_weights) == (
        "val_auc",
        "max",
        4,
        True,
    )


def test_each_can_be_switched_off(tmp_path):
    config = CallbacksConfig(early_stopping_patience=None, plateau_patience=None, tensorboard=False)
    assert kinds(callbacks.create(config, tmp_path)) == ["LearningRate", "History", "Progress"]


def test_the_learning_rate_is_that_of_a_constant_and_of_a_schedule():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    for rate in (0.25, keras.optimizers.schedules.ExponentialDecay(0.25, 10, 0.5)):
        model.compile(keras.optimizers.SGD(rate), "mse")
        callback = LearningRate()
        callback.set_model(model)
        logs = {}
        callback.on_epoch_end(0, logs)
        assert logs == {"learning_rate": 0.25}


def test_progress_tells_epochs_and_at_most_one_step_a_second(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.EVENTS_VARIABLE, str(tmp_path / "events"))
    clock = iter([0.0, 0.4, 0.9, 1.1, 1.1, 1.5, 2.0])
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: next(clock))
    callback = Progress()
    callback.set_params({"epochs": 5, "steps": 300})
    callback.on_epoch_begin(1)
    for step in (15, 31, 47, 63, 79):
        callback.on_train_batch_end(step, {"loss": 0.5})
    callback.on_epoch_end(1, {"loss": 0.4, "val_loss": 0.6})
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert [{name: value for name, value in event.items() if name != "time"} for event in events] == [
        {"event": "step", "epoch": 2, "epochs": 5, "step": 48, "steps": 300, "metrics": {"loss": 0.5}},
        {"event": "epoch", "epoch": 2, "epochs": 5, "metrics": {"loss": 0.4, "val_loss": 0.6}},
    ]
