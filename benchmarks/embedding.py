"""Embedding once and training a head, against a model that calls the same frozen module in every epoch.

    python -m benchmarks.embedding [--rows 2000] [--epochs 8] [--size 64] [--json FILE]

Both see the same made pictures, the size of Fashion-MNIST's, through EfficientNet-Lite0, and train the same linear head
with Keras's `fit`. The Embedder's side counts everything from records to a trained head: Beam, the loading of the
module, writing and reading. The other side has its pictures in memory. Its epochs cost the same, so two are run, and
the second one, without the building of functions, is taken for each of them.
"""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import apache_beam as beam
import click
import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io

from components.embedding import head
from components.embedding.config import EmbeddingConfig
from components.embedding.executor import embed
from components.embedding.module import Embedding
from components.embedding.pieces import Store
from pipeline.tf_example import example

SCHEMA = """
feature { name: "pixels" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 28 } dim { size: 28 }
          dim { size: 1 } } }
feature { name: "label" type: INT presence { min_fraction: 1 } shape {} }
"""
CLASSES, BATCH = 10, 64


@click.command()
@click.option("--rows", default=2000, show_default=True)
@click.option("--epochs", default=8, show_default=True)
@click.option("--size", default=64, show_default=True, help="Pixels of a picture's side for the module.")
@click.option("--json", "json_file", type=click.Path(path_type=Path))
def main(rows: int, epochs: int, size: int, json_file: Path | None) -> None:
    """Prints both times and their ratio."""
    config = EmbeddingConfig(
        module="converted:efficientnet-lite0",
        feature="pixels",
        prepare="components.embedding.pictures.as_pictures",
        params={"size": size},
    )
    draw = np.random.default_rng(0)
    pixels = draw.uniform(0, 1, (rows, 28, 28, 1)).astype("float32")
    labels = draw.integers(0, CLASSES, rows)
    with tempfile.TemporaryDirectory() as folder:
        once, trained = _embedded_once(config, pixels, labels, epochs, Path(folder))
    epoch = _epoch_with_the_module(config, pixels, labels)
    found = {
        "rows": rows,
        "epochs": epochs,
        "pixels": size,
        "embed_seconds": once,
        "head_seconds": trained,
        "epoch_with_module_seconds": epoch,
        "ratio": epochs * epoch / (once + trained),
    }
    print(f"{rows} pictures at {size} pixels, {epochs} epochs")
    print(f"embedding once             {once:8.1f} s")
    print(f"the head, {epochs} epochs         {trained:8.1f} s")
    print(f"the module in every epoch  {epochs * epoch:8.1f} s  ({epoch:.1f} s an epoch)")
    print(f"ratio                      {found['ratio']:8.1f}")
    if json_file:
        json_file.write_text(json.dumps(found, indent=2) + "\n")


def _embedded_once(
    config: EmbeddingConfig, pixels: np.ndarray, labels: np.ndarray, epochs: int, folder: Path
) -> tuple[float, float]:
    records = str(folder / "records.gz")
    with tf.io.TFRecordWriter(records, "GZIP") as writer:
        for picture, label in zip(pixels, labels, strict=True):
            writer.write(example({"pixels": picture.reshape(-1), "label": int(label)}))
    schema = dataset_metadata.DatasetMetadata(text_format.Parse(SCHEMA, schema_pb2.Schema()))
    metadata_io.write_metadata(schema, str(folder / "transform" / "transformed_metadata"))
    store = Store(folder / "pieces", {})

    def make_pipeline() -> beam.Pipeline:
        return beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"]))

    start = time.perf_counter()
    pieces = embed(config, folder / "transform", folder / "graph", {"train": [records]}, store, make_pipeline)
    between = time.perf_counter()
    specs = tft.TFTransformOutput(str(folder / "graph")).transformed_feature_spec()
    files = [str(store.path(piece)) for piece in pieces]
    batches = [tf.io.parse_example(batch, specs) for batch in tf.data.TFRecordDataset(files, "GZIP").batch(1024)]
    vectors, targets = (np.concatenate([batch[name] for batch in batches]) for name in ("embedding", "label"))
    model = head.build_model(tft.TFTransformOutput(str(folder / "graph")), classes=CLASSES)
    _compiled(model).fit({"embedding": vectors}, targets, batch_size=BATCH, epochs=epochs, verbose=0)
    return between - start, time.perf_counter() - between


def _epoch_with_the_module(config: EmbeddingConfig, pixels: np.ndarray, labels: np.ndarray) -> float:
    embedding = Embedding(config)
    pictures = keras.Input(pixels.shape[1:], name="pixels")
    size = embedding.size(tf.io.FixedLenFeature(pixels.shape[1:], tf.float32))
    vector = keras.layers.Lambda(embedding.vectors, output_shape=(size,))(pictures)
    x = keras.layers.Dropout(0.2)(keras.layers.LayerNormalization(center=False, scale=False)(vector))
    model = _compiled(keras.Model(pictures, keras.layers.Dense(CLASSES, activation="softmax")(x)))
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        model.fit(pixels, labels, batch_size=BATCH, verbose=0)
        seconds.append(time.perf_counter() - start)
    return seconds[-1]


def _compiled(model: Any) -> Any:
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


if __name__ == "__main__":
    main()
