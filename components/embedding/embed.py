"""Embeds pieces of splits with Beam, each into a file that appears whole or not at all."""

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.metrics import Metrics
from apache_beam.utils.shared import Shared

from components.embedding import graph
from components.embedding.config import EmbeddingConfig
from components.embedding.module import Embedding
from components.embedding.pieces import Piece, Store
from components.trainer.sequences import padded, ragged_spec


class EmbedPieces(beam.PTransform):
    """From `Piece`s to the files of a store, in any order; returns the pieces.

    Args:
        graph_folder: Transform's graph with the module behind it, as `graph.write` leaves it.
        specs: Transform's feature spec, before the module.
        store: Where to.
        embedding: What `graph.write` has returned; workers in this process need not load it again.
    """

    def __init__(self, graph_folder: Path, specs: Mapping[str, Any], store: Store, embedding: Embedding) -> None:
        super().__init__()
        self._function = _EmbedPiece(graph_folder, specs, store, embedding)

    def expand(self, pieces: beam.PCollection) -> beam.PCollection:
        # Else all pieces would stay with the worker that created them.
        return pieces | beam.Reshuffle() | beam.ParDo(self._function)


class _EmbedPiece(beam.DoFn):
    def __init__(self, graph_folder: Path, specs: Mapping[str, Any], store: Store, embedding: Embedding) -> None:
        super().__init__()
        self._graph, self._specs, self._store = graph_folder, dict(specs), store
        self._shared = Shared()
        self._shared.acquire(lambda: _Loaded(graph_folder, specs, embedding))
        self._rows = Metrics.counter("slipway.embedder", "rows_embedded")

    def setup(self) -> None:
        """Loads the module, once for all threads of a process."""
        self._loaded = self._shared.acquire(lambda: _Loaded(self._graph, self._specs))

    def process(self, piece: Piece) -> Iterator[Piece]:
        path = self._store.path(piece)
        beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        try:
            with tf.io.TFRecordWriter(str(beside), "GZIP") as writer:
                for record in self._loaded.embedded(piece):
                    writer.write(record)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        self._rows.inc(piece.rows)
        yield piece


class _Loaded:
    """A loaded module and how records are read for it."""

    def __init__(self, graph_folder: Path, specs: Mapping[str, Any], embedding: Embedding | None = None) -> None:
        config, embedding = graph.config_of(graph_folder), embedding or graph.load(graph_folder)
        assert config is not None
        assert embedding is not None
        self._config: EmbeddingConfig = config
        self._spec = ragged_spec({config.feature: specs[config.feature]})
        self._vectors = embedding.function(specs[config.feature])

    def embedded(self, piece: Piece) -> Iterator[bytes]:
        """Yields the records of a piece with the vector in them."""
        records = tf.data.TFRecordDataset(piece.file, "GZIP").skip(piece.first).take(piece.rows)
        for batch in records.batch(self._config.batch_size).prefetch(1):
            values = padded(tf.io.parse_example(batch, self._spec)[self._config.feature])
            vectors = self._vectors(values).numpy()
            for record, vector in zip(batch.numpy(), vectors, strict=True):
                yield self._record(record, vector)

    def _record(self, record: bytes, vector: Any) -> bytes:
        example = tf.train.Example.FromString(record)
        if not self._config.keep_feature:
            del example.features.feature[self._config.feature]
        values = example.features.feature[self._config.output].float_list.value
        del values[:]
        values.extend(vector.tolist())
        return example.SerializeToString(deterministic=True)
