"""The data that `input.py` reads, made here, and the ways to read them."""

import importlib.resources
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.util import tfxio_utils
from tfx.types import artifact_utils, standard_artifacts
from tfx_bsl.tfxio import dataset_options

from benchmarks.cases import table_columns
from components.trainer import input_pipeline
from components.trainer.image_augmentation import CropAndFlip
from components.trainer.input_config import InputConfig
from components.trainer.input_pipeline import Reader
from components.trainer.sources import Images

BATCH, ROWS, SHARDS = 40, 32_000, 2
PICTURES, SIZE = 32, 224
SMALLEST, LARGEST = 200, 600

Streams = dict[str, Callable[[], tf.data.Dataset]]

_FLOATS = ("numbers",)


def record_streams(folder: Path) -> Streams:
    """Writes records like those of the taxi task, and returns the ways to read them in batches of 40."""
    columns = table_columns(np.random.default_rng(0), ROWS)
    split = folder / "Split-train"
    split.mkdir()
    for shard in range(SHARDS):
        with tf.io.TFRecordWriter(str(split / f"part-{shard}.gz"), tf.io.TFRecordOptions("GZIP")) as writer:
            for row in range(shard, ROWS, SHARDS):
                writer.write(_example({name: np.ravel(values[row]) for name, values in columns.items()}))
    spec = {
        name: tf.io.FixedLenFeature(values.shape[1:], tf.float32 if name in _FLOATS else tf.int64)
        for name, values in columns.items()
    }
    reader, pattern = Reader(spec, "y"), str(split / "*")
    in_memory = input_pipeline.read([pattern], reader, memory_mb=1024)
    on_disk = input_pipeline.read([pattern], reader, memory_mb=0)
    # Filled once: the ceiling has its raw records in memory.
    cached = tf.data.TFRecordDataset(sorted(map(str, split.iterdir())), "GZIP").cache()
    for _ in cached.batch(4096):
        pass

    def ceiling() -> tf.data.Dataset:
        batches = cached.repeat().batch(BATCH)
        parsed = batches.map(lambda raw: tf.io.parse_example(raw, spec), num_parallel_calls=tf.data.AUTOTUNE)
        return parsed.prefetch(tf.data.AUTOTUNE)

    return {
        "ours, in memory": lambda: in_memory.training(BATCH, seed=1),
        "ours, from disk": lambda: on_disk.training(BATCH, seed=1),
        "TFX's factory": lambda: _tfx(folder, pattern, spec),
        "ceiling": ceiling,
    }


def _example(row: dict[str, np.ndarray]) -> bytes:
    features = {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=values))
        if name in _FLOATS
        else tf.train.Feature(int64_list=tf.train.Int64List(value=values.astype(int)))
        for name, values in row.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _tfx(folder: Path, pattern: str, spec: dict[str, tf.io.FixedLenFeature]) -> tf.data.Dataset:
    """Returns what `fn_args.data_accessor.tf_dataset_factory` gives in a TFX Trainer."""
    examples = standard_artifacts.Examples()
    examples.uri, examples.split_names = str(folder), artifact_utils.encode_split_names(["train"])
    factory = tfxio_utils.get_tf_dataset_factory_from_artifact([examples], ["benchmark"])
    features = [
        schema_pb2.Feature(
            name=name,
            type="FLOAT" if kind.dtype == tf.float32 else "INT",
            presence={"min_fraction": 1},
            shape={"dim": [{"size": size} for size in kind.shape]},
        )
        for name, kind in spec.items()
    ]
    schema = schema_pb2.Schema(feature=features)
    return factory([pattern], dataset_options.TensorFlowDatasetOptions(batch_size=BATCH, label_key="y"), schema)


def picture_streams(folder: Path, count: int) -> Streams:
    """Writes JPEGs of varied size, cut out of those that scikit-learn ships, and returns the ways to read them."""
    root = folder / "pictures"
    _write_pictures(root, count)
    source = Images(str(root))
    split = input_pipeline.from_source(
        source,
        "label",
        config=InputConfig(cache="none"),
        augmentation=CropAndFlip((SIZE, SIZE), brightness=0.2),
    )
    paths = tf.data.Dataset.from_tensor_slices(sorted(map(str, root.glob("*/*.jpg")))).shuffle(count, seed=1).repeat()

    def decode(path: tf.Tensor) -> tf.Tensor:
        return tf.io.decode_jpeg(tf.io.read_file(path), channels=3)

    return {
        "ours, augmented": lambda: split.training(PICTURES, seed=1),
        "decoding alone": lambda: paths.map(decode, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE),
    }


def _write_pictures(root: Path, count: int) -> None:
    draw = np.random.default_rng(0)
    shipped = importlib.resources.files("sklearn.datasets.images")
    for name in ("china", "flower"):
        (root / name).mkdir(parents=True)
        picture = tf.io.decode_jpeg((shipped / f"{name}.jpg").read_bytes())
        whole = tf.cast(tf.image.resize(picture, (LARGEST + 40, 3 * LARGEST // 2)), tf.uint8).numpy()
        for number in range(count // 2):
            height, width = draw.integers(SMALLEST, LARGEST + 1, 2)
            top, left = draw.integers(0, whole.shape[0] - height + 1), draw.integers(0, whole.shape[1] - width + 1)
            part = whole[top : top + height, left : left + width]
            (root / name / f"{number:04}.jpg").write_bytes(tf.io.encode_jpeg(part, quality=90).numpy())
