"""Stops a training at a step whose loss or gradients are not finite, says what is not, and keeps the batch."""

import logging
import math
import shlex
import time
from pathlib import Path

import keras

from components.errors import ComponentFailed
from components.trainer import bad_step, nonfinite
from components.trainer.bad_step import BadStep
from components.trainer.config import TrainingConfig
from components.trainer.input_pipeline import Split

Logs = dict[str, float]

_log = logging.getLogger(__name__)


class Guard(keras.callbacks.Callback):
    """Looks for steps that a `GuardedOptimizer` has left out: once a second and after each epoch, as they do no harm.

    Each is computed once more to find the first value that is not finite, saved and logged. When there are more than
    `training.guard.skip`, training stops. Where some may be skipped, an epoch reports `skipped_steps`.

    Args:
        config: The training.
        split: The training split, whose batches can be read again.
        transform_output: Transform's output, which the model was built from.
        folder: Where batches are kept, None keeps none. Not an output folder of a node: TFX removes those of one that
            has failed.
    """

    seconds_between_looks = 1.0

    def __init__(self, config: TrainingConfig, split: Split, transform_output: str, folder: Path | None) -> None:
        super().__init__()
        self._config, self._split, self._transform_output = config, split, transform_output
        self._folder = folder if config.guard.save_batch else None
        self._stage = self._epoch = self._skipped = self._skipped_before = self._seen_before = 0
        self._looked = 0.0

    def on_stage_begin(self, stage: int, **_: int) -> None:
        """Notes the stage of the recipe, which says what is trained."""
        self._stage = stage

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Begins an epoch."""
        self.begin(epoch)

    def begin(self, epoch: int, steps_done: int = 0) -> None:
        """Tells the optimizer where it is: it counts anew in each stage, and from a checkpoint where that ends.

        Args:
            epoch: The epoch, counted from 0.
            steps_done: The steps of it that are not to be looked at.
        """
        optimizer = self.model.optimizer
        self._epoch = epoch
        self._skipped = self._skipped_before = max(self._skipped, int(optimizer.skipped.numpy()))
        optimizer.skipped.assign(self._skipped)
        self._seen_before = int(optimizer.steps_seen()) - steps_done

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Looks, once a second."""
        if time.monotonic() - self._looked >= self.seconds_between_looks:
            self.look()
            self._looked = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Looks, and checks the losses of the epoch."""
        self.look()
        if logs is not None and self._config.guard.skip:
            logs["skipped_steps"] = float(self._skipped - self._skipped_before)
        self.check_losses(epoch, logs or {})

    def check_losses(self, epoch: int, logs: Logs) -> None:
        """Raises ComponentFailed unless the losses of an epoch, counted from 0, are finite."""
        for name in ("loss", "val_loss"):
            value = logs.get(name, 0.0)
            if not math.isfinite(value):
                raise ComponentFailed(
                    "The loss must be finite.",
                    received=f"{name}={value} in epoch {epoch + 1}",
                    fix="Lower training.optimizer.learning_rate, or look for values that are not finite in the data.",
                )

    def look(self) -> None:
        """Reports the steps that were left out since the last look.

        Raises:
            ComponentFailed: They were more than may be skipped.
        """
        optimizer, allowed = self.model.optimizer, self._config.guard.skip
        for step in optimizer.bad_steps.numpy()[self._skipped : int(optimizer.skipped.numpy())]:
            self._skipped += 1
            error = self._investigate(int(step) - self._seen_before)
            if self._skipped > allowed:
                raise error
            _log.warning("Skipped step %s of at most %s. %s", self._skipped, allowed, error)

    def _investigate(self, step_in_epoch: int) -> ComponentFailed:
        """Finds and keeps what is wrong with a step, counted from 0."""
        config, scale = self._config, float(self.model.optimizer.dynamic_scale.numpy())
        step = self._epoch * self.params["steps"] + step_in_epoch
        micro_batch = config.batch_size // config.accumulation
        batches = self._split.training(micro_batch, config.seed, step * config.accumulation).take(config.accumulation)
        bad = BadStep(
            step=step + 1,
            epoch=self._epoch + 1,
            step_in_epoch=step_in_epoch + 1,
            examples=bad_step.digests(batches),
            found=nonfinite.find(self.model, batches, scale),
            loss_scale=scale,
            stage=self._stage,
            training=config,
            transform_output=self._transform_output,
        )
        rule, fix = "The loss and its gradients must be finite.", None
        if self._folder:
            folder = self._folder / f"step-{bad.step}"
            bad_step.save(folder, bad, batches, self.model)
            fix = f"Run `python -m components.trainer.replay {shlex.quote(str(folder))}` to see it again."
        return ComponentFailed(rule, received=str(bad), fix=fix)
