"""A training that was killed goes on from its last finished epoch and ends where it would have ended."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from components.trainer.config import CallbacksConfig
from components.trainer.history import best_epoch
from components.whole_file import whole_file

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs

STATE_FILE = "state.json"
_NUMBERS = ("wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter")

Logs = dict[str, float]


class Checkpoint(keras.callbacks.Callback):
    """Writes after each epoch what is needed to go on, and goes on from what is there.

    `keras.callbacks.BackupAndRestore` brings back the weights and the optimizer. Here random numbers, early stopping,
    the plateau, the best weights and the history go on as well, and one file serves both for going on and for keeping
    the best.

    Args:
        folder: Where the state is kept; nothing else may be in it. Each file in it appears whole.
        monitor: The metric that decides which epoch is the best.
        mode: `min` or `max`, whichever is better.
    """

    def __init__(self, folder: Path, monitor: str, mode: str) -> None:
        super().__init__()
        self._folder, self._monitor, self._mode = folder, monitor, mode
        self._watched: list[keras.callbacks.Callback] = []
        state = folder / STATE_FILE
        self._state: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {}
        self._stages = self.stages or (0,)

    @property
    def first_epoch(self) -> int:
        """The epoch to go on with, counted from 0; the end of the stage, as planned, if that had stopped."""
        return int(self._state.get("next_epoch", 0))

    @property
    def stages(self) -> tuple[int, ...]:
        """The first epochs, counted from 0, of the stages that have begun; the last one is to go on with."""
        return tuple(self._state.get("stages", ()))

    def watch(self, callbacks: Iterable[keras.callbacks.Callback]) -> None:
        """Tells which callbacks hold what must be kept; they have to run before this one."""
        self._watched = list(callbacks)

    def on_stage_begin(self, stage: int, first_epoch: int, **_: int) -> None:
        """Notes the stage, as a state belongs to one: the optimizer of another has other variables."""
        self._stages = (*self._stages[:stage], first_epoch)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Brings everything back into a model and an optimizer that are built; the others have been reset by now."""
        if self.stages != self._stages:
            return
        for callback in self._watched:
            self._restore(callback)
        self.model.load_weights(self._weights(self._state["last_epoch"]))
        for variable, value in zip(self._random_states(), self._state["random_states"], strict=True):
            variable.assign(value)

    def _random_states(self) -> list[Any]:
        """Returns what Keras does not save with the weights: where dropout and the like are in their random numbers."""
        return [variable for variable in self.model.variables if variable.path.endswith("seed_generator_state")]

    def _restore(self, callback: keras.callbacks.Callback) -> None:
        for name, value in self._state["callbacks"].get(type(callback).__name__, {}).items():
            setattr(callback, name, value)
        if isinstance(callback, keras.callbacks.History):
            callback.history = {name: list(values) for name, values in self._state["history"].items()}
        if isinstance(callback, keras.callbacks.EarlyStopping):
            self.model.load_weights(self._weights(self._state["best_epoch"]))
            callback.best_weights = self.model.get_weights()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes the epoch down. The state is renamed into place last and names the weights that belong to it."""
        history = next(callback.history for callback in self._watched if isinstance(callback, keras.callbacks.History))
        self._folder.mkdir(parents=True, exist_ok=True)
        # Keras goes by the end of the name.
        beside = self._folder / "writing.weights.h5"
        self.model.save_weights(beside)
        beside.replace(self._weights(epoch))
        self._state = {
            "next_epoch": self.params["epochs"] if self.model.stop_training else epoch + 1,
            "last_epoch": epoch,
            "stages": self._stages,
            "best_epoch": best_epoch(history, self._monitor, self._mode, self._stages[-1]),
            "random_states": [variable.numpy().tolist() for variable in self._random_states()],
            "history": history,
            "callbacks": {type(callback).__name__: _numbers(callback) for callback in self._watched},
        }
        with whole_file(self._folder / STATE_FILE) as beside:
            beside.write_text(json.dumps(self._state))
        kept = {self._weights(epoch), self._weights(self._state["best_epoch"])}
        for weights in set(self._folder.glob("epoch-*")) - kept:
            weights.unlink()

    def keep_best(self, path: Path) -> None:
        """Copies the weights of the last stage's best epoch, with its optimizer, for good.

        Args:
            path: Where to; its name must end in `.weights.h5`.
        """
        with whole_file(path) as beside:
            shutil.copyfile(self._weights(self._state["best_epoch"]), beside)

    def remove(self) -> None:
        """Forgets the training; to be called when its model is safe."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # The state of another training may be beside it.
            self._folder.parent.rmdir()

    def _weights(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch}.weights.h5"


def open_for(fn_args: "FnArgs", config: CallbacksConfig) -> Checkpoint | None:
    """Returns what an earlier attempt at this very training has left, or room for it; None where none is wanted.

    TFX gives a node that is run again new output folders, so the state lies beside them, under a name made of all that
    decides on the result: the configuration and the code, the inputs, and the versions of the libraries.

    Args:
        fn_args: What the Trainer gives; `model_run_dir` is `<node>/model_run/<execution>`.
        config: The callbacks.
    """
    if not config.checkpoint:
        return None
    given = [fn_args.custom_config, fn_args.hyperparameters]
    inputs = [fn_args.train_files, fn_args.eval_files, fn_args.transform_output]
    versions = [tf.__version__, keras.__version__]
    digest = hashlib.sha256(json.dumps([given, inputs, versions], sort_keys=True).encode()).hexdigest()
    node = Path(fn_args.model_run_dir).parent.parent
    return Checkpoint(node / ".unfinished" / digest[:16], config.monitor, config.mode)


def _numbers(callback: keras.callbacks.Callback) -> dict[str, Any]:
    return {name: vars(callback)[name] for name in _NUMBERS if name in vars(callback)}
