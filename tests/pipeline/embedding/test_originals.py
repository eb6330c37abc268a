"""A raw example is recognised by what Transform makes of it, and shown as a person reads it."""

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.embedding.config import EmbeddingConfig
from components.embedding.pieces import cut
from components.evaluator.config import EvaluationConfig
from components.trainer.config import ModelConfig, TrainingConfig
from pipeline.config import DataConfig, SchemaConfig, TaskConfig, TransformConfig
from pipeline.embedding import originals
from pipeline.embedding.vectors import Vectors
from pipeline.lineage.transformed import Transformed
from pipeline.tf_example import example
from tests.components.embedding import tiny
from tests.components.embedding.conftest import transformed  # noqa: F401 (fixture)


def task(feature):
    return TaskConfig(
        name="tiny",
        summary="",
        data=DataConfig(),
        schema=SchemaConfig(""),
        transform=TransformConfig(""),
        training=TrainingConfig(ModelConfig(""), label="kind"),
        evaluation=EvaluationConfig(label="kind"),
        embedding=EmbeddingConfig(module="m", feature=feature),
    )


@pytest.mark.parametrize("feature", ["features", "text"])
def test_rows_find_their_raw_examples_in_another_order(transformed, tmp_path, feature):  # noqa: F811
    raw = tmp_path / "raw" / "Split-eval"
    raw.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(raw / "part.gz"), "GZIP") as writer:
        for record in reversed(transformed.serialized["eval"]):
            writer.write(record)
    pieces = cut({"eval": sorted(tf.io.gfile.glob(transformed.pattern("eval")))}, rows=5)
    of = Transformed("run", str(transformed.graph), str(transformed.folder), str(tmp_path / "raw"))
    vectors = Vectors(np.zeros((24, 1)), None, tuple(pieces), of, transformed.graph)
    found = originals.find(task(feature), vectors, "eval", [0, 13, 23])
    texts = [row["text"] for row in tiny.rows(24, 1)]
    assert {row: one.features.feature["text"].bytes_list.value[0].decode() for row, one in found.items()} == {
        row: texts[row] for row in (0, 13, 23)
    }


def test_lists_of_other_lengths_are_compared_without_their_padding():
    one, padded, other = np.array([3, 4]), np.array([3, 4, 0, 0]), np.array([3, 4, 5])
    assert originals._same(one, padded)
    assert originals._same(padded, one)
    assert not originals._same(one, other)
    assert not originals._same(np.array([3.0]), np.array([3.1]))


def test_a_person_sees_texts_and_numbers_and_the_size_of_the_rest():
    schema = text_format.Parse('feature { name: "image" type: BYTES image_domain {} }', schema_pb2.Schema())
    values = {"image": b"GIF89a", "wav": b"RIFF\0\xff", "text": "Grüße", "n": [1, 2], "kind": 3}
    shown = originals.shown(tf.train.Example.FromString(example(values)), schema, ["kind"])
    assert shown == {"image": "6 bytes", "wav": "6 bytes", "text": "Grüße", "n": [1, 2]}
