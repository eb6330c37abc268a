"""The Trainer's `run_fn`: from transformed examples to an exported model, driven by the task's TrainingConfig."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import tensorflow_transform as tft

from components.errors import UsageError, did_you_mean
from components.import_path import resolve
from components.settings import from_dict
from components.trainer import callbacks, checkpoint, export, fit, history, input_pipeline, loop, strategy
from components.trainer.config import TrainingConfig
from components.trainer.export import TransformGraph
from components.trainer.input_pipeline import Reader
from components.trainer.model_inputs import model_inputs
from components.trainer.validate import check_outputs, check_replicas, validate

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs

BEST_WEIGHTS = "best.weights.h5"

LOOPS = {"fit": fit.fit, "custom": loop.fit}

_log = logging.getLogger(__name__)


def run_fn(fn_args: "FnArgs") -> None:
    """Trains the model of `custom_config["training"]` and exports it.

    Writes the SavedModel to `serving_model_dir`; `history.json`, `history.png`, the weights of the best epoch and
    TensorBoard's scalars to `model_run_dir`. Called again after it was killed, it goes on from the last finished epoch.

    Args:
        fn_args: What TFX's Trainer gives.

    Raises:
        UsageError: The configuration does not fit itself, the model or the features.
        DataRefused: A split is empty or cannot be read.
        ComponentFailed: The loss is no longer finite.
    """
    config = from_dict(TrainingConfig, fn_args.custom_config["training"])
    validate(config)
    folder = Path(fn_args.model_run_dir)
    folder.mkdir(parents=True, exist_ok=True)

    # Names of layers and metrics count up in a process, and weights are drawn in the order of creation.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(config.seed)
    # For all layers made from here on, so every training sets it.
    keras.config.set_dtype_policy("mixed_float16" if config.mixed_precision else "float32")
    devices = strategy.create(config.strategy)
    check_replicas(config, devices.num_replicas_in_sync)

    tft_output = tft.TFTransformOutput(fn_args.transform_output)
    transform = TransformGraph(tft_output, config.label)
    with devices.scope():
        model = resolve(config.model.build, "training.model.build")(tft_output, **config.model.params)
    check_outputs(model)

    reader = _reader(config.label, model_inputs(model, transform.features), tft_output.transformed_feature_spec())
    train, validation = (
        input_pipeline.read(files, reader, config.memory_mb, config.shuffle_buffer)
        for files in (fn_args.train_files, fn_args.eval_files)
    )
    plan = fit.plan(config, train.rows, validation.rows, devices.num_replicas_in_sync)
    _log.info("Training on %s rows, %s replicas: %s", train.rows, devices.num_replicas_in_sync, plan)
    with devices.scope():
        fit.compile_model(model, config, plan)

    saved = checkpoint.open_for(fn_args, config.callbacks)
    watching = callbacks.create(config.callbacks, folder, saved)
    first_epoch = saved.first_epoch if saved else 0
    course = LOOPS[config.loop](model, train, validation, config, plan, watching, first_epoch)
    history.write(folder, course, config.callbacks)
    if saved:
        saved.keep_best(folder / BEST_WEIGHTS)
    export.save(model, transform, Path(fn_args.serving_model_dir))
    if saved:
        saved.remove()


def _reader(label: str, inputs: list[str], specs: Mapping[str, Any]) -> Reader:
    """Returns what to read of the transformed examples: what the model takes, and the label."""
    if label not in specs:
        raise UsageError(
            "The label must be a transformed feature.", received=f"label={label}", fix=did_you_mean(label, specs)
        )
    return Reader({name: specs[name] for name in [*inputs, label]}, label)
