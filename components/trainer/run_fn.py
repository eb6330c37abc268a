"""The Trainer's `run_fn`: from transformed examples to an exported model, driven by the task's TrainingConfig."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import tensorflow_transform as tft

from components.errors import UsageError, did_you_mean
from components.settings import from_dict, to_dict
from components.trainer import (
    callbacks,
    checkpoint,
    cluster,
    export,
    history,
    hyperparameters,
    input_pipeline,
    reference,
    stages,
    strategy,
)
from components.trainer.checkpoint import Checkpoint
from components.trainer.config import TrainingConfig
from components.trainer.export import TransformGraph
from components.trainer.guard import Guard
from components.trainer.input_pipeline import Reader
from components.trainer.model_inputs import build_model, model_inputs
from components.trainer.plan import Plan
from components.trainer.trackers import tracking
from components.trainer.validate import check_model, check_replicas, check_schedules, validate
from components.trainer.watch import Watch

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs

BEST_WEIGHTS = "best.weights.h5"
TRAINING_FILE = "training.json"

_log = logging.getLogger(__name__)


def run_fn(fn_args: "FnArgs") -> None:
    """Trains the model of `custom_config["training"]` and exports it.

    Writes the SavedModel to `serving_model_dir` and, beside it, predictions for raw examples that the folders of
    `custom_config["raw_examples"]` hold; `history.json`, `history.png`, the weights of the best epoch,
    TensorBoard's scalars and, as `training.json`, the configuration to `model_run_dir`. Called again after it was
    killed, it goes on from the last finished epoch.

    Args:
        fn_args: What TFX's Trainer gives. The hyper-parameters of a Tuner replace what the configuration says.

    Raises:
        UsageError: The configuration does not fit itself, the model or the features.
        DataRefused: A split is empty or cannot be read.
        ComponentFailed: More steps than the guard may skip were not finite, or the validation loss is not.
    """
    config = hyperparameters.applied(
        from_dict(TrainingConfig, fn_args.custom_config["training"]), hyperparameters.found(fn_args.hyperparameters)
    )
    # Workers can be joined only while TensorFlow has not run anything, and already `validate` makes metrics.
    strategy.create(config.strategy)
    validate(config)
    with strategy.together(config.strategy), cluster.outputs(config.strategy, fn_args) as own:
        # Trackers hear from the chief.
        _train_and_export(config if own is fn_args else replace(config, trackers=()), own)


def _train_and_export(config: TrainingConfig, fn_args: "FnArgs") -> None:
    folder = Path(fn_args.model_run_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TRAINING_FILE).write_text(json.dumps(to_dict(config), indent=2) + "\n")

    saved = checkpoint.open_for(fn_args, config.callbacks)
    with tracking.start(config, folder) as tracked:
        watching = [*callbacks.create(config.callbacks, folder, saved), tracked]
        trained = train(config, fn_args, watching, saved)
        history.write(folder, trained.course.history, config.callbacks, trained.course.stages)
        if saved:
            saved.keep_best(folder / BEST_WEIGHTS)
        export.save(trained.model, trained.transform, Path(fn_args.serving_model_dir))
        reference.write(trained.model, trained.transform, fn_args)
    # All workers have read the state by now, and none comes back before the model is there.
    strategy.meet(trained.model.distribute_strategy)
    if saved:
        saved.remove()


class Trained(NamedTuple):
    """What a training has made.

    Args:
        model: The model.
        transform: How raw features become what it takes.
        course: How the training went.
    """

    model: keras.Model
    transform: TransformGraph
    course: stages.Course


def train(
    config: TrainingConfig,
    fn_args: "FnArgs",
    watching: Sequence[keras.callbacks.Callback],
    saved: Checkpoint | None = None,
) -> Trained:
    """Trains a model from its first layer on; writes nothing itself. The Trainer's training, and a trial of the Tuner.

    Args:
        config: The training; what `validate` finds is taken for granted.
        fn_args: Names the transformed examples (`train_files`, `eval_files`) and the `transform_output`.
        watching: The callbacks, with a `keras.callbacks.History` among them.
        saved: What an earlier attempt has left, also among the callbacks; None where nothing is kept.

    Raises:
        UsageError: The configuration does not fit the model, the features or the data.
        DataRefused: A split is empty or cannot be read.
        ComponentFailed: More steps than the guard may skip were not finite, or the validation loss is not.
    """
    # Names of layers and metrics count up in a process, and weights are drawn in the order of creation.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(config.seed)
    # For all layers made from here on, so every training sets it.
    keras.config.set_dtype_policy("mixed_float16" if config.mixed_precision else "float32")
    devices = strategy.create(config.strategy)
    check_replicas(config, devices.num_replicas_in_sync)

    tft_output = tft.TFTransformOutput(fn_args.transform_output)
    transform = TransformGraph(tft_output, *config.labels)
    with devices.scope():
        model = build_model(config.model, tft_output)
    check_model(model, config)

    reader = _reader(config, model_inputs(model, transform.features), tft_output.transformed_feature_spec())
    split, validation = (
        input_pipeline.read(files, reader, config.memory_mb, config.shuffle_buffer, config.input)
        for files in (fn_args.train_files, fn_args.eval_files)
    )
    plan = Plan.of(config, split.rows, validation.rows, devices.num_replicas_in_sync)
    _log.info("Training on %s rows, %s replicas: %s", split.rows, devices.num_replicas_in_sync, plan)
    check_schedules(config, plan.steps_per_epoch)
    guard = Guard(config, split, fn_args.transform_output, _kept_steps(fn_args))
    watch = guard if config.checks_each_step else Watch(guard, split, config)
    return Trained(model, transform, stages.train(model, split, validation, config, plan, [watch, *watching], saved))


def _kept_steps(fn_args: "FnArgs") -> Path | None:
    """Returns where steps that are not finite are kept: beside the outputs, as TFX removes those of a failed node."""
    if not fn_args.model_run_dir:
        return None
    run = Path(fn_args.model_run_dir)
    return run.parent.parent / "nonfinite" / run.name


def _reader(config: TrainingConfig, inputs: list[str], specs: Mapping[str, Any]) -> Reader:
    """Returns what to read of the transformed examples: what the model takes, and the labels."""
    for label in config.labels:
        if label not in specs:
            raise UsageError(
                "The label must be a transformed feature.", received=f"label={label}", fix=did_you_mean(label, specs)
            )
    labels = {name: output.label for name, output in config.outputs.items()} or config.label
    return Reader({name: specs[name] for name in [*inputs, *config.labels]}, labels)
