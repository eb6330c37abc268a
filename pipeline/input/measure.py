"""Measures the way from the transformed records to the end of a training step."""

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf
import tensorflow_transform as tft

from components.overrides import replaced_by_text
from components.trainer import fit, input_pipeline, sequences, stages, strategy
from components.trainer.config import CallbacksConfig, TrainingConfig
from components.trainer.export import TransformGraph
from components.trainer.input_config import InputConfig
from components.trainer.input_pipeline import InMemory, Reader, Split
from components.trainer.model_inputs import build_model, model_inputs
from components.trainer.plan import Plan
from components.trainer.sources import Records
from components.trainer.sources.cache import size
from pipeline.input.finding import AUGMENT, BATCH, DECODE, PARSE, PARSE_ALONE, READ, STEP, Setting, Stage
from pipeline.lineage.transformed import Transformed

_SERIAL = InputConfig(parallel_calls=1, prefetch=0)
_MEBIBYTE = 2**20
_ROUNDS = 6
_EPOCHS = 4


class Measurement:
    """The input of one training.

    Args:
        config: The training.
        transformed: The examples.
        batches: Batches of each measurement.

    Raises:
        SlipwayError: The training does not fit the model or the features, or the records cannot be read.
    """

    def __init__(self, config: TrainingConfig, transformed: Transformed, batches: int) -> None:
        self._config = replace(config, callbacks=CallbacksConfig(tensorboard=False), trackers=())
        self._batches, self._files = batches, transformed.files("train")
        tft_output = tft.TFTransformOutput(transformed.graph)
        devices = strategy.create(config.strategy)
        with devices.scope():
            self._model = build_model(config.model, tft_output)
        features = model_inputs(self._model, TransformGraph(tft_output, *config.labels).features)
        specs = tft_output.transformed_feature_spec()
        labels = {name: output.label for name, output in config.outputs.items()} or config.label
        self._reader = Reader({name: specs[name] for name in [*features, *config.labels]}, labels)
        self._records = Records(self._files, self._reader.spec, "GZIP")
        self._split = self._opened(self._config)
        self._sample = self._first_batches()

    @property
    def rows(self) -> int:
        """Rows of the training split."""
        return self._split.rows

    @property
    def in_memory(self) -> bool:
        """Whether the split is held in memory as it is configured."""
        return isinstance(self._split, InMemory)

    @property
    def parsed_mb(self) -> float:
        """About the mebibytes that all parsed rows take."""
        rows = next(iter(self._sample.values())).shape[0]
        return sum(map(size, self._sample.values())) / rows * self.rows / _MEBIBYTE

    def stages(self) -> Iterator[Stage]:
        """Measures each stage by itself, on one thread as far as it is ours."""
        records = tf.data.Dataset.from_tensor_slices(list(self._records.shards)).flat_map(self._records.raw)
        raw = records.repeat().batch(self._config.batch_size)
        yield Stage(READ, self._milliseconds(raw), "from the compressed files")
        held = raw.take(self._batches).cache()
        for _ in held:
            pass
        yield Stage(PARSE, self._milliseconds(held.repeat().map(self._records.decode)), "a batch at a time")
        alone = held.unbatch().map(lambda record: tf.io.parse_single_example(record, self._ragged_spec))
        by_one = sequences.batched(alone, self._config.batch_size).repeat()
        yield Stage(PARSE_ALONE, self._milliseconds(by_one), "for comparison")
        yield Stage(DECODE, None, "Transform has decoded")
        augmenting = self._augmentation()
        yield Stage(AUGMENT, augmenting, "in the model, part of the step" if augmenting else "the model does not")
        serial = InMemory(self._sample, self._reader, replace(_SERIAL, lists=self._config.input.lists))
        yield Stage(BATCH, self._milliseconds(serial.training(self._config.batch_size, 1)), "shuffled, padded")
        step, _ = self._train(_Held(next(iter(serial.training(self._config.batch_size, 1))), self.rows))
        yield Stage(STEP, step, "on a batch that is there")

    def setting(self, name: str, overrides: dict[str, Any]) -> Setting:
        """Measures the stream of batches with some settings."""
        config = self.changed(overrides)
        split = self._opened(config) if overrides else self._split
        held = split.bytes / _MEBIBYTE if isinstance(split, InMemory) else None
        return Setting(name, self._milliseconds(split.training(config.batch_size, config.seed)), held, overrides)

    def trained(self, setting: Setting) -> Setting:
        """Adds a training with a setting."""
        milliseconds, wait = self._train(self._opened(self.changed(setting.overrides)))
        return replace(setting, step_milliseconds=milliseconds, wait=wait)

    def changed(self, overrides: dict[str, Any]) -> TrainingConfig:
        """Returns the training with some keys changed."""
        config = self._config
        for key, value in overrides.items():
            config = replaced_by_text(config, f"{key}={json.dumps(value)}")
        return config

    def _opened(self, config: TrainingConfig) -> Split:
        return input_pipeline.read([self._files], self._reader, config.memory_mb, config.shuffle_buffer, config.input)

    @property
    def _ragged_spec(self) -> dict[str, Any]:
        return sequences.ragged_spec(self._reader.spec)

    def _first_batches(self) -> dict[str, Any]:
        """Returns the columns of some rows."""
        rows = min(self.rows, self._config.batch_size * self._batches)
        records = tf.data.Dataset.from_tensor_slices(list(self._records.shards)).flat_map(self._records.raw)
        parsed = list(records.take(rows).batch(self._config.batch_size).map(self._records.decode))
        return {name: tf.concat([batch[name] for batch in parsed], 0) for name in parsed[0]}

    def _milliseconds(self, stream: tf.data.Dataset) -> float:
        """Returns the time of a batch in the fastest of some rounds, which other processes have disturbed least."""
        iterator, rounds = iter(stream), []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            count = sum(1 for _ in itertools.islice(iterator, self._batches))
            rounds.append((time.perf_counter() - began) / count)
        # The first one fills the buffers.
        return 1000 * min(rounds[1:])

    def _augmentation(self) -> float | None:
        """Returns the time of the model's layers that augment, on one batch; None where there is none."""
        layers = [layer for layer in self._model.layers if _augments(layer)]
        if not layers or not getattr(self._model, "inputs", None):
            return None
        whole = keras.Model(self._model.inputs, layers[-1].output)
        call = tf.function(lambda features: whole(features, training=True))
        features, _ = self._reader.split({name: x[: self._config.batch_size] for name, x in self._sample.items()})
        # A Sequential model of one input takes the tensor itself.
        given = features if len(features) > 1 else next(iter(features.values()))
        call(given)
        began = time.perf_counter()
        for _ in range(10):
            keras.ops.convert_to_numpy(call(given))
        return 100 * (time.perf_counter() - began)

    def _train(self, split: Split) -> tuple[float, float]:
        """Returns the milliseconds of a step in the fastest of some short epochs, and what share of it was waiting."""
        config, clock = self._config, _Clock()
        at_once = Plan.of(config, split.rows, split.rows).steps_per_execution
        steps = max(1, self._batches // at_once) * at_once
        plan = Plan(_EPOCHS, steps_per_epoch=steps, validation_steps=at_once, steps_per_execution=at_once)
        with self._model.distribute_strategy.scope():
            fit.compile_model(self._model, config, plan)
        held = _Held(next(iter(self._split.training(config.batch_size, config.seed))), split.rows)
        history = stages.LOOPS[config.loop](self._model, split, held, config, plan, [clock])
        # The first one builds the functions.
        seconds, wait = min(list(zip(clock.seconds, history["input_wait"], strict=True))[1:])
        return 1000 * seconds / steps, wait


class _Held(Split):
    """One batch, again and again."""

    def __init__(self, batch: Any, rows: int) -> None:
        self._batch, self.rows = batch, rows

    def training(self, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors(self._batch).repeat()

    def evaluation(self, batches: int) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors(self._batch).repeat()


class _Clock(keras.callbacks.Callback):
    """Notes how long the training steps of each epoch take."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_test_begin(self, logs: Any = None) -> None:
        # The device has to be done.
        keras.ops.convert_to_numpy(self.model.optimizer.iterations)
        self.seconds.append(time.perf_counter() - self._began)


def _augments(layer: keras.Layer) -> bool:
    return any(word in type(layer).__name__ for word in ("Random", "Augment"))
